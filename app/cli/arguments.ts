import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Terminal } from './terminal.ts'

/** Arguments as `parseArgs` reads them; where they are wrong, its own sentence says how. */
export function readArguments<T extends ParseArgsConfig>(
  args: readonly string[],
  config: T,
): ReturnType<typeof parseArgs<T>> | { wrong: string } {
  try {
    return parseArgs<T>({ ...config, args: [...args] })
  } catch (error) {
    if (error instanceof TypeError) return { wrong: `${error.message.split('. ')[0]}.` }
    throw error
  }
}

/** Says what is wrong with a command, and gives its exit code. */
export function refuseCommand(terminal: Terminal, wrong: string): number {
  terminal.error(`${wrong} Try: tagsale help\n`)
  return 2
}
