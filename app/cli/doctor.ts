import { type ConfigInput, examineConfig } from '../config.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import { ADDRESS_CHECKS } from './doctor/address.ts'
import { type Finding, lookAtAll, type Result } from './doctor/check.ts'
import { GITHUB_CHECKS } from './doctor/github.ts'
import { LEDGER_CHECKS } from './doctor/ledger.ts'
import { SETTINGS_CHECKS } from './doctor/settings.ts'
import { STRIPE_CHECKS } from './doctor/stripe.ts'
import { createTools } from './doctor/tools.ts'
import { loadEnvFile } from './settings.ts'
import type { Terminal } from './terminal.ts'

const CHECKS = [...SETTINGS_CHECKS, ...GITHUB_CHECKS, ...LEDGER_CHECKS, ...STRIPE_CHECKS, ...ADDRESS_CHECKS]
const FORMATS = ['text', 'json']
const SIGNS: Record<Finding['state'], string> = { well: '✓', fault: '✗', unseen: '·' }

/** Whose settings are looked at: the environment's, unless a test gives others. */
export type DoctorOptions = { values?: ConfigInput; now?: () => Date }

/** `tagsale doctor [--format text|json]`: 0 when a live shop has all it needs, 1 when it doesn't, 2 when the command isn't one. */
export async function doctor(
  args: readonly string[],
  terminal: Terminal,
  options: DoctorOptions = {},
): Promise<number> {
  const command = readCommand(args)
  if ('wrong' in command) return refuseCommand(terminal, command.wrong)
  if (!options.values) loadEnvFile()
  const { settings, problems } = examineConfig(options.values)
  const tools = createTools({ settings, problems, now: options.now ?? (() => new Date()) })
  const results = await lookAtAll(CHECKS, settings, tools)
  const faults = results.flatMap(({ findings }) => findings).filter(({ state }) => state === 'fault').length
  terminal.out(command.format === 'json' ? asJson(results, faults) : asText(results, faults))
  return faults > 0 ? 1 : 0
}

function readCommand(args: readonly string[]): { format: string } | { wrong: string } {
  const read = readArguments(args, { options: { format: { type: 'string', default: 'text' } } } as const)
  if ('wrong' in read) return read
  const { format } = read.values
  return FORMATS.includes(format) ? { format } : { wrong: `There is no format "${format}": it is text or json.` }
}

const asJson = (checks: readonly Result[], faults: number): string => `${JSON.stringify({ faults, checks }, null, 2)}\n`

function asText(results: readonly Result[], faults: number): string {
  const lines = results.flatMap(({ name, findings }) =>
    findings.flatMap(({ state, what, mend }) => [`${SIGNS[state]} ${name}: ${what}`, ...(mend ? [`    ${mend}`] : [])]),
  )
  const end = faults === 0 ? 'All is well.' : `${faults} ${faults === 1 ? 'thing is' : 'things are'} wrong.`
  return `${lines.join('\n')}\n\n${end}\n`
}
