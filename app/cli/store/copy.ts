import { resolve } from 'node:path'
import { compareStores, copyStore, finishCopy } from '../../store/maintenance/copy.ts'
import { openStoreReader, openStoreTables, type StorePlace } from '../../store/open.ts'
import { readArguments, refuseCommand } from '../arguments.ts'
import type { Terminal } from '../terminal.ts'
import { atStore, count, listed, nameOf } from './command.ts'
import { progressOn } from './progress.ts'

/**
 * `tagsale store copy --from WHERE --to WHERE`: 0 when both are the same, looked at row by row; 1 when they aren't; 2 when the command
 * isn't one.
 */
export async function storeCopy(args: readonly string[], terminal: Terminal): Promise<number> {
  const text = { type: 'string' } as const
  const read = readArguments(args, { options: { from: text, to: text } })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const { from, to } = read.values
  if (!from || !to)
    return refuseCommand(
      terminal,
      'From where to where? Say --from and --to, each a data folder or postgres://host/name.',
    )
  const [source, target] = [placeOf(from), placeOf(to)]
  if (isSame(source, target)) return refuseCommand(terminal, 'These are the same store.')
  return atStore(terminal, () => copyBetween(source, target, terminal))
}

const isUrl = (where: string) => /^postgres(ql)?:\/\//.test(where) && URL.canParse(where)
const placeOf = (where: string): StorePlace =>
  isUrl(where) ? { DATABASE_URL: where, DATA_FOLDER: '' } : { DATA_FOLDER: where }
const isSame = (one: StorePlace, other: StorePlace) =>
  one.DATABASE_URL === other.DATABASE_URL && resolve(one.DATA_FOLDER) === resolve(other.DATA_FOLDER)

async function copyBetween(source: StorePlace, target: StorePlace, terminal: Terminal): Promise<number> {
  const stopped = source.DATABASE_URL ? undefined : await openStoreTables(source, { make: false }) // so that no shop sells meanwhile
  try {
    const tables = await openStoreTables(target, { make: true })
    try {
      const tell = progressOn(terminal)
      const from = await openStoreReader(source)
      await copyStore(from, tables, tell).finally(from.close)
      const again = await openStoreReader(source) // as it is now: whoever sold meanwhile is found out
      const { rows, facts, orders, problems } = await compareStores(again, tables, tell).finally(again.close)
      if (problems.length > 0) {
        terminal.error(`${listed(problems)}${DIFFERENT}\n`)
        return 1
      }
      await finishCopy(tables)
      terminal.out(
        `${count(orders, 'order')}, ${count(facts, 'fact')}, ${count(rows, 'row')} in all, in ${nameOf(target)}: the same on both sides.\n`,
      )
      terminal.out('Start the shop there, with the same STORE_KEY, and never again on the one that was copied.\n')
      return 0
    } finally {
      await tables.close()
    }
  } finally {
    await stopped?.close()
  }
}

const DIFFERENT =
  'The two are not the same. Stop every shop that uses either, and run this again: it goes on where it ended. Until then no shop opens the copy.'
