import { checkStore } from '../../store/check.ts'
import { openStoreReader } from '../../store/open.ts'
import { readArguments, refuseCommand } from '../arguments.ts'
import { readSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { atStore, count, failed, listed, nameOf, type StoreOptions } from './command.ts'

const WHAT_TO_DO =
  'Nothing was changed. Keep a copy of the store as it is; then put back your last backup, or report this with these lines.'

/** `tagsale store check`: 0 when the store is whole and as its facts tell it, 1 when it isn't, 2 when the command isn't. */
export async function storeCheck(args: readonly string[], terminal: Terminal, options: StoreOptions): Promise<number> {
  const read = readArguments(args, {})
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const place = readSettings(['DATABASE_URL', 'DATA_FOLDER'], options.values)
  if ('wrong' in place) return failed(terminal, place.wrong)
  return atStore(terminal, async () => {
    const reader = await openStoreReader(place)
    try {
      if (reader.format === 0) return failed(terminal, `There is no store in ${nameOf(place)}.`)
      const damage = await reader.damage()
      if (damage.length > 0) {
        terminal.out(`SQLite finds ${nameOf(place)} damaged:\n${listed(damage)}${WHAT_TO_DO}\n`)
        return 1
      }
      const { facts, orders, problems } = await checkStore(reader)
      terminal.out(`${nameOf(place)}: ${count(facts, 'fact')}, ${count(orders, 'order')}.\n${listed(problems)}`)
      terminal.out(problems.length > 0 ? `${WHAT_TO_DO}\n` : 'All is as the facts tell it.\n')
      return problems.length > 0 ? 1 : 0
    } finally {
      await reader.close()
    }
  })
}
