import type { ConfigInput } from '../../config.ts'
import type { Random } from '../../order/id.ts'
import type { StorePlace } from '../../store/open.ts'
import { StoreRefusedError, StoreUnavailableError } from '../../store/refusal.ts'
import type { Terminal } from '../terminal.ts'

/** What a test gives instead of the environment, the clock and chance. */
export type StoreOptions = { values?: ConfigInput; now?: () => Date; random?: Random }

/** Says what could not be done. Gives the exit code. */
export function failed(terminal: Terminal, why: string): number {
  terminal.error(`${why}\n`)
  return 1
}

/** Does the work of a command; what the store refuses is said in its own sentence. */
export async function atStore(terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreRefusedError || error instanceof StoreUnavailableError)
      return failed(terminal, error.message)
    throw error
  }
}

/** What people call a store: its folder, or its database without the password. */
export const nameOf = ({ DATABASE_URL: url, DATA_FOLDER }: StorePlace): string =>
  url ? `the database ${decodeURI(new URL(url).pathname.slice(1))}` : DATA_FOLDER

/** 1 order, 2 orders. */
export const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`

const PROBLEMS_SHOWN_MAX = 50

/** Sentences, one a line, and how many more there are. */
export function listed(problems: readonly string[]): string {
  const more = problems.length - PROBLEMS_SHOWN_MAX
  return [...problems.slice(0, PROBLEMS_SHOWN_MAX), ...(more > 0 ? [`… and ${more} more.`] : []), ''].join('\n')
}
