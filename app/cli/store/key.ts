import { randomBytes } from 'node:crypto'
import { changeStoreKey, isOpenedBy } from '../../store/maintenance/key.ts'
import { openStoreTables } from '../../store/open.ts'
import { readArguments, refuseCommand } from '../arguments.ts'
import { readSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { atStore, failed, type StoreOptions } from './command.ts'

const KEY_BYTES = 32

/** `tagsale store key`: 0 when only the new STORE_KEY opens the store, 1 when it was left as it is, 2 when the command isn't one. */
export async function storeKey(args: readonly string[], terminal: Terminal, options: StoreOptions): Promise<number> {
  const read = readArguments(args, {})
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const settings = readSettings(['DATABASE_URL', 'DATA_FOLDER', 'STORE_KEY', 'STORE_KEY_NEW'], options.values)
  if ('wrong' in settings) return failed(terminal, settings.wrong)
  const { STORE_KEY: from, STORE_KEY_NEW: given } = settings
  if (given === from) return failed(terminal, 'STORE_KEY_NEW is the same as STORE_KEY. Nothing was changed.')
  const random = options.random ?? randomBytes
  const to = given ?? Buffer.from(random(KEY_BYTES)).toString('base64')
  return atStore(terminal, async () => {
    const tables = await openStoreTables(settings, { make: false })
    try {
      if (!(await isOpenedBy(tables, from))) {
        return failed(terminal, 'STORE_KEY is not the one that this store was made with. Nothing was changed.')
      }
      // Shown before it is used: if this ends in between, nothing is sealed with a key that nobody knows.
      if (!given) terminal.out(`The new key, shown this once. Write it down now:\n\n    ${to}\n\n`)
      await changeStoreKey(tables, { from, to, random })
      terminal.out(
        'Done: only the new key opens this store. Backups made before need the old one: keep it with them.\n',
      )
      terminal.out(settings.DATABASE_URL ? NEXT_WITH_PROCESSES : 'Set STORE_KEY to the new key, then start the shop.\n')
      return 0
    } finally {
      await tables.close()
    }
  })
}

const NEXT_WITH_PROCESSES =
  'Processes that run go on as they are. Set STORE_KEY to the new key for all of them, then restart them one by one; ' +
  'one that starts with the old key is refused, and loses nothing.\n'
