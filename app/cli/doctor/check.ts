import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type Stripe from 'stripe'
import type { Catalog } from '../../../catalog/offer.ts'
import type { Config } from '../../config.ts'
import type { connectGitHub } from '../../github/client.ts'
import { withoutSecrets } from '../../log.ts'

/** One thing that was looked at. `unseen`: it could not be, which is no fault of its own. `mend` says what to do. */
export type Finding = { state: 'well' | 'fault' | 'unseen'; what: string; mend?: string }

/** All is well with this. */
export const well = (what: string): Finding => ({ state: 'well', what })
/** This is wrong, and this is what to do. */
export const fault = (what: string, mend: string): Finding => ({ state: 'fault', what, mend })
/** Faults for what holds of these, in their order; where nothing does, all is well. */
export function judge(faults: readonly [is: boolean, what: string, mend: string][], otherwise: string): Finding[] {
  const found = faults.flatMap(([is, what, mend]) => (is ? [fault(what, mend)] : []))
  return found.length > 0 ? found : [well(otherwise)]
}
/** This could not be looked at. */
export const unseen = (what: string, mend?: string): Finding => ({ state: 'unseen', what, ...(mend ? { mend } : {}) })

/** The settings that could be read; any may be missing. */
export type Settings = Partial<Config>

/** What checks look with. Clients are made when one asks, once. */
export type Tools = {
  problems: readonly string[]
  now: () => Date
  log: Logger
  github: () => ReturnType<typeof connectGitHub>
  stripe: () => Stripe
  /** The catalog that is to be sold, or why there is none. */
  catalog: () => Promise<Catalog | { none: Finding }>
}

/** A check by name. It is left out, and said to be, where a setting that it needs is missing or malformed. */
export type Check = {
  name: string
  needs: readonly (keyof Settings)[]
  look: (settings: Settings, tools: Tools) => Promise<Finding[]>
}
type With<Need extends keyof Settings> = Settings & { [Name in Need]-?: NonNullable<Settings[Name]> }

/** Writes down a check, with the settings it needs as its look finds them: there. */
export function checkOf<Need extends keyof Settings>(
  name: string,
  needs: readonly Need[],
  look: (settings: With<Need>, tools: Tools) => Promise<Finding[]>,
): Check {
  return { name, needs, look: (settings, tools) => look(settings as With<Need>, tools) }
}

export type Result = { name: string; findings: Finding[] }

const LOOK_SECONDS_MAX = 30

/** Looks at everything at once, each within its time, and gives the results in the order of the checks. */
export function lookAtAll(checks: readonly Check[], settings: Settings, tools: Tools): Promise<Result[]> {
  return Promise.all(
    checks.map(async (check) => ({ name: check.name, findings: await lookAt(check, settings, tools) })),
  )
}

async function lookAt({ needs, look }: Check, settings: Settings, tools: Tools): Promise<Finding[]> {
  const missing = needs.filter((name) => settings[name] === undefined)
  if (missing.length > 0) return [unseen(`not looked at: it needs ${missing.join(' and ')}`)]
  const tooLate = fault(`no answer within ${LOOK_SECONDS_MAX} seconds`, 'Look whether this machine reaches it.')
  const seen = new AbortController()
  const late = sleep(LOOK_SECONDS_MAX * 1000, [tooLate], { signal: seen.signal })
  try {
    return await Promise.race([look(settings, tools), late])
  } catch (error) {
    return [fault(reasonOf(error), 'Look whether this machine reaches it, then try again.')]
  } finally {
    seen.abort()
  }
}

/** Codes of a network that answers nothing at all, in words. */
const NETWORK: Record<string, string> = {
  ENOTFOUND: 'its name is not found (DNS)',
  EAI_AGAIN: 'names are not found here (DNS)',
  EDNS: 'its name is not found (DNS)',
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

/** What the network says, where that is why something failed, however deep it lies in the error. */
export function networkFault(error: unknown): string | undefined {
  for (
    let at = error, depth = 0;
    at instanceof Error && depth < 5;
    at = at.cause ?? ('detail' in at && at.detail), depth += 1
  ) {
    const { code = '' } = at as { code?: string }
    if (NETWORK[code]) return `${NETWORK[code]}: ${code}`
  }
  return undefined
}

/** Why something failed, in one line and without secrets. */
export function reasonOf(error: unknown): string {
  const network = networkFault(error)
  if (network) return network
  const {
    message = String(error),
    code,
    cause,
  } = error as { message?: string; code?: string; cause?: { code?: string } }
  const why = cause?.code ?? code
  const line = message.split('\n')[0] ?? ''
  return withoutSecrets(why && !line.includes(String(why)) ? `${line} (${why})` : line)
}
