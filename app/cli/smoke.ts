import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import type { Config, ConfigInput } from '../config.ts'
import { connectGitHub } from '../github/client.ts'
import { connectStripe } from '../stripe/client.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import { reasonOf } from './doctor/check.ts'
import { readSettings } from './settings.ts'
import type { SmokeCheck, SmokeTools } from './smoke/check.ts'
import { OUTSIDE_ASSUMPTIONS } from './smoke/outside.ts'
import { STRIPE_ASSUMPTIONS } from './smoke/stripe.ts'
import type { Terminal } from './terminal.ts'

/** Every assumption that can be tried in minutes, in the order of .github/ASSUMPTIONS.md. */
export const SMOKE_CHECKS: readonly SmokeCheck[] = [...STRIPE_ASSUMPTIONS, ...OUTSIDE_ASSUMPTIONS]

const NEEDED = [
  'SHOP_URL',
  'STRIPE_SECRET_KEY',
  'STRIPE_API_URL',
  'GITHUB_APP_ID',
  'GITHUB_PRIVATE_KEY',
  'GITHUB_API_URL',
  'SMTP_URL',
] as const satisfies readonly (keyof Config)[]
type Settings = Pick<Config, (typeof NEEDED)[number]>
type Options = { values?: ConfigInput }

/**
 * `tagsale smoke owner/scratch`: tries at the real Stripe (by a test key), GitHub and mail server what this program takes for
 * true of them, and cleans up. 0 when all held, 1 when one failed, 2 when the command is none.
 */
export async function smoke(args: readonly string[], terminal: Terminal, { values }: Options = {}): Promise<number> {
  const read = readArguments(args, { allowPositionals: true, options: {} })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const [repository, ...more] = read.positionals
  if (!repository?.includes('/') || more.length > 0)
    return refuseCommand(terminal, 'Name one repository to scratch in, owner/name, with the App on it.')
  const settings = readSettings(NEEDED, values)
  if ('wrong' in settings) return refuseCommand(terminal, settings.wrong)
  if (/_live_/.test(settings.STRIPE_SECRET_KEY))
    return refuseCommand(terminal, 'STRIPE_SECRET_KEY is a live key; this takes a test key.')
  let failed = 0
  for (const check of SMOKE_CHECKS) {
    const { isHeld, said } = await walk(check, settings, repository)
    if (!isHeld) failed += 1
    terminal.out(`${isHeld ? '✓' : '✗'} ${check.id} ${check.what}: ${said}\n`)
  }
  terminal.out(
    `\n${SMOKE_CHECKS.length - failed} held, ${failed} failed. .github/ASSUMPTIONS.md says where each is used.\n`,
  )
  return failed > 0 ? 1 : 0
}

/** One check, and what it made undone, last first, whatever came of it. */
async function walk(check: SmokeCheck, settings: Settings, repository: string) {
  const undone: (() => Promise<unknown>)[] = []
  let result: { isHeld: boolean; said: string }
  try {
    result = { isHeld: true, said: await check.walk(toolsFor(settings, repository, (undo) => undone.push(undo))) }
  } catch (error) {
    result = { isHeld: false, said: reasonOf(error) }
  }
  for (const undo of undone.toReversed()) {
    await undo().catch((error: unknown) => {
      result = { isHeld: false, said: `${result.said}; something is left behind: ${reasonOf(error)}` }
    })
  }
  return result
}

function toolsFor(settings: Settings, repository: string, afterwards: SmokeTools['afterwards']): SmokeTools {
  const log = pino({ level: 'silent' })
  const { GITHUB_APP_ID: appId, GITHUB_PRIVATE_KEY: privateKey, GITHUB_API_URL: baseUrl } = settings
  const github = () => connectGitHub({ appId, privateKey, baseUrl, log })
  return {
    stripe: connectStripe(settings),
    shopUrl: settings.SHOP_URL,
    run: `tagsale-smoke-${randomUUID()}`,
    scratch: async (permissions) => (await github()).githubApp.forRepository(repository, permissions),
    asApp: async () => (await github()).githubApp.asApp,
    smtpUrl: settings.SMTP_URL,
    afterwards,
  }
}
