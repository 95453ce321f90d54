import { type ConfigInput, examineConfig } from '../config.ts'
import { writeSettings } from '../setup/env-file.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import { ADDRESS_CHECKS } from './doctor/address.ts'
import { type Finding, lookAtAll, type Result, reasonOf, type Settings, type Tools } from './doctor/check.ts'
import { GITHUB_CHECKS } from './doctor/github.ts'
import { LEDGER_CHECKS } from './doctor/ledger.ts'
import { SETTINGS_CHECKS } from './doctor/settings.ts'
import { makeEndpoint, STRIPE_CHECKS } from './doctor/stripe.ts'
import { createTools } from './doctor/tools.ts'
import { loadEnvFile } from './settings.ts'
import type { Terminal } from './terminal.ts'

const CHECKS = [...SETTINGS_CHECKS, ...GITHUB_CHECKS, ...LEDGER_CHECKS, ...STRIPE_CHECKS, ...ADDRESS_CHECKS]
const FORMATS = ['text', 'json']
const SIGNS: Record<Finding['state'], string> = { well: '✓', fault: '✗', unseen: '·' }

/** Whose settings are looked at: the environment's, unless a test gives others. */
export type DoctorOptions = { values?: ConfigInput; now?: () => Date; envFile?: string }

/** `tagsale doctor [--format text|json] [--fix]`: 0 when a live shop has all it needs, 1 when it doesn't, 2 when the command isn't one. */
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
  if (command.fix) await fix({ settings, tools, terminal, envFile: options.envFile ?? '.env' })
  const results = await lookAtAll(CHECKS, settings, tools)
  const faults = results.flatMap(({ findings }) => findings).filter(({ state }) => state === 'fault').length
  terminal.out(command.format === 'json' ? asJson(results, faults) : asText(results, faults))
  return faults > 0 ? 1 : 0
}

type Fix = { settings: Settings; tools: Tools; terminal: Terminal; envFile: string }

/** The one thing that is made and not only said: Stripe's webhook endpoint, where there is none. */
async function fix({ settings: { SHOP_URL }, tools, terminal, envFile }: Fix): Promise<void> {
  if (!SHOP_URL) return terminal.error('Nothing was made: SHOP_URL is not set.\n')
  try {
    const STRIPE_WEBHOOK_SECRET = await makeEndpoint(tools.stripe(), SHOP_URL)
    if (!STRIPE_WEBHOOK_SECRET) return
    await writeSettings(envFile, { STRIPE_WEBHOOK_SECRET }).then(
      () => terminal.error(`Stripe's webhook endpoint is made; its secret is in ${envFile}. Start the shop again.\n`),
      () =>
        terminal.error(
          `Stripe's webhook endpoint is made. Set this, it is told once:\nSTRIPE_WEBHOOK_SECRET=${STRIPE_WEBHOOK_SECRET}\n`,
        ),
    )
  } catch (error) {
    terminal.error(`Stripe's webhook endpoint could not be made: ${reasonOf(error)}\n`)
  }
}

function readCommand(args: readonly string[]): { format: string; fix: boolean } | { wrong: string } {
  const options = { format: { type: 'string', default: 'text' }, fix: { type: 'boolean', default: false } } as const
  const read = readArguments(args, { options })
  if ('wrong' in read) return read
  const { format, fix: isFix } = read.values
  return FORMATS.includes(format)
    ? { format, fix: isFix }
    : { wrong: `There is no format "${format}": it is text or json.` }
}

const asJson = (checks: readonly Result[], faults: number): string => `${JSON.stringify({ faults, checks }, null, 2)}\n`

function asText(results: readonly Result[], faults: number): string {
  const lines = results.flatMap(({ name, findings }) =>
    findings.flatMap(({ state, what, mend }) => [`${SIGNS[state]} ${name}: ${what}`, ...(mend ? [`    ${mend}`] : [])]),
  )
  const end = faults === 0 ? 'All is well.' : `${faults} ${faults === 1 ? 'thing is' : 'things are'} wrong.`
  return `${lines.join('\n')}\n\n${end}\n`
}
