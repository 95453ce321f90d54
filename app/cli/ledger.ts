import { pino } from 'pino'
import { type Config, ConfigError, parseConfig, readConfig } from '../config.ts'
import { takeInPayments } from '../ledger/payments.ts'
import { LedgerDamagedError } from '../ledger/read.ts'
import { NotEmptyError, rebuildFacts, reopenWork } from '../ledger/rebuild.ts'
import { type Comparison, compareWithLedger, compareWithStripe } from '../ledger/verify.ts'
import { factsOver } from '../store/facts.ts'
import { openStore, openStoreReader } from '../store/open.ts'
import { StoreRefusedError } from '../store/refusal.ts'
import { connectStripe } from '../stripe/client.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import { loadEnvFile } from './settings.ts'
import type { StoreOptions } from './store/command.ts'
import type { Terminal } from './terminal.ts'

/** Whose settings: the environment's, unless a test gives others. */
type Options = Pick<StoreOptions, 'values' | 'now'> & { config?: Config }

const DAY_MILLISECONDS = 86_400_000
const VERIFY_DAYS = '30'

/** `tagsale rebuild FOLDER`: 0 when the store is whole again, 1 when it is not, 2 when the command isn't one. */
export async function rebuild(args: readonly string[], terminal: Terminal, options: Options = {}): Promise<number> {
  const read = readArguments(args, { allowPositionals: true, options: {} })
  const [folder, ...more] = 'wrong' in read ? [] : read.positionals
  if (!folder || more.length > 0) return refuseCommand(terminal, 'A rebuild needs one folder: a clone of the ledger.')
  return sayingWhy(terminal, async () => {
    const config = options.config ?? configOf(options)
    const now = options.now ?? (() => new Date())
    const store = await openStore(config, { log: pino({ level: 'silent' }), onFailure: () => {} })
    try {
      terminal.out(`${await rebuildFacts(store, folder, now())} facts written from the ledger.\n`)
      const taken = await takeInPayments({ stripe: connectStripe(config), store, now })
      terminal.out(`${taken.customers} customers and ${taken.facts} later facts from Stripe.\n`)
      terminal.out(`${await reopenWork(store)} orders, and their work goes on at the next start.\n`)
      const younger = taken.unknown.filter(({ isPaid }) => isPaid)
      for (const { order, id } of younger)
        terminal.out(
          `${order} (${id}) is younger than the ledger, and paid: the shop takes it in from Stripe when it starts.\n`,
        )
      return 0
    } finally {
      await store.close()
    }
  })
}

/** `tagsale verify [FOLDER] [--days N]`: 0 when store, ledger and Stripe agree, 1 when they don't, 2 when the command isn't one. */
export async function verify(args: readonly string[], terminal: Terminal, options: Options = {}): Promise<number> {
  const read = readArguments(args, {
    allowPositionals: true,
    options: { days: { type: 'string', default: VERIFY_DAYS } },
  } as const)
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const { positionals, values } = read
  if (positionals.length > 1) return refuseCommand(terminal, 'One clone of the ledger is compared at a time.')
  if (!/^\d{1,5}$/.test(values.days)) return refuseCommand(terminal, 'Days are a whole number.')
  return sayingWhy(terminal, async () => {
    const config = options.config ?? configOf(options)
    const now = (options.now ?? (() => new Date()))()
    const reader = await openStoreReader(config)
    try {
      const store = factsOver(reader)
      const since = new Date(now.getTime() - Number(values.days) * DAY_MILLISECONDS)
      const [folder] = positionals
      const ledger = folder === undefined ? undefined : await compareWithLedger(store, folder, now)
      const stripe = await compareWithStripe({ store, stripe: connectStripe(config) }, since, now)
      if (ledger) say(terminal, ledger, 'facts with the ledger')
      say(terminal, stripe, `payment pages of ${values.days} days with Stripe`)
      return [ledger, stripe].some((one) => one && one.differences.length > 0) ? 1 : 0
    } finally {
      await reader.close()
    }
  })
}

function configOf({ values }: Options): Config {
  if (values) return parseConfig(values)
  loadEnvFile()
  return readConfig()
}

function say(terminal: Terminal, { compared, differences }: Comparison, what: string): void {
  terminal.out(`${compared} ${what}: ${differences.length === 0 ? 'no difference' : 'not the same'}.\n`)
  for (const sentence of differences) terminal.error(`  ${sentence}\n`)
}

async function sayingWhy(terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    const isForAPerson = [LedgerDamagedError, NotEmptyError, StoreRefusedError, ConfigError].some(
      (kind) => error instanceof kind,
    )
    if (!isForAPerson) throw error
    terminal.error(`${(error as Error).message}\n`)
    return 1
  }
}
