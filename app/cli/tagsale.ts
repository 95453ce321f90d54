#!/usr/bin/env node
import { refuseCommand } from './arguments.ts'
import { build } from './build.ts'
import { check } from './check.ts'
import { doctor } from './doctor.ts'
import type { Terminal } from './terminal.ts'

const HELP = `Tagsale: the shop of an open-source project, kept in its repository.

  tagsale check [folder] [--format text|json|github]
      Checks a catalog (./catalog unless you name another folder), and shows what is wrong, where,
      and what to write instead. Exit code 0 when all is well, 1 when something is wrong, 2 when
      the command itself is.
      json: one object for programs. github: annotations in a GitHub workflow.

  tagsale build [folder] --url URL --out FOLDER [--app URL]
      Builds the storefront of a catalog for a static host. URL is where it will be; --app is where
      the shop's app answers, when that is elsewhere. Exit codes as above.

  tagsale doctor [--format text|json]
      Looks at everything that a live shop needs, with the settings of the environment and of .env,
      and says for each fault what to do. Exit code 0 when all is well, 1 when something is wrong,
      2 when the command itself is.

  tagsale help
      Shows this text.
`

/** Runs `tagsale <command> …` and gives the exit code. */
export async function tagsale(args: readonly string[], terminal: Terminal): Promise<number> {
  const [command = 'help', ...rest] = args
  if (command === 'check') return check(rest, terminal)
  if (command === 'build') return build(rest, terminal)
  if (command === 'doctor') return doctor(rest, terminal)
  if (command === 'help' || command === '--help' || command === '-h') {
    terminal.out(HELP)
    return 0
  }
  return refuseCommand(terminal, `There is no command "${command}".`)
}

if (import.meta.main) {
  const terminal: Terminal = {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  }
  process.exitCode = await tagsale(process.argv.slice(2), terminal)
}
