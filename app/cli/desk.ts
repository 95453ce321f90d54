import { randomBytes } from 'node:crypto'
import { oneTimeLink } from '../account/one-time-link.ts'
import type { ConfigInput } from '../config.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import { readSettings } from './settings.ts'
import type { Terminal } from './terminal.ts'

/** `tagsale desk`: prints a link that signs in at the desk, once and within an hour. The shop may be running. Gives the exit code. */
export async function desk(
  args: readonly string[],
  terminal: Terminal,
  { values, now = () => new Date() }: { values?: ConfigInput; now?: () => Date } = {},
): Promise<number> {
  const read = readArguments(args, { options: {} })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const settings = readSettings(['SHOP_URL', 'LINK_SECRET'], values)
  if ('wrong' in settings) {
    terminal.error(`${settings.wrong}\n`)
    return 1
  }
  terminal.out(`${oneTimeLink(settings, { now: now(), random: randomBytes })}\n`)
  return 0
}
