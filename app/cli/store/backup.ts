import { isOpenedBy } from '../../store/maintenance/key.ts'
import { storeFolder } from '../../store/open.ts'
import { backUp, restore } from '../../store/sqlite/backup.ts'
import { readArguments, refuseCommand } from '../arguments.ts'
import { readSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { atStore, count, failed, listed, type StoreOptions } from './command.ts'

const SETTINGS = ['DATABASE_URL', 'DATA_FOLDER', 'STORE_KEY'] as const
const KEY_IS_ANOTHER =
  'STORE_KEY, as it is set, does not open the customers in it. Find the one that does, before you need it.'
const DIFFERS =
  'The store that was copied is not as its facts tell it; the copy is the same. `tagsale store check` says more.'

/** `tagsale backup FILE`: 0 when the store is in the file, whole; 1 when it isn't; 2 when the command isn't one. */
export async function backup(args: readonly string[], terminal: Terminal, options: StoreOptions = {}): Promise<number> {
  const read = readArguments(args, { allowPositionals: true })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const [file, ...more] = read.positionals
  if (!file || more.length > 0) return refuseCommand(terminal, 'Where should the copy be put? Say one FILE.')
  const settings = readSettings(SETTINGS, options.values)
  if ('wrong' in settings) return failed(terminal, settings.wrong)
  if (settings.DATABASE_URL)
    return failed(
      terminal,
      'This store is in PostgreSQL. Its own tool copies it while it runs: pg_dump --format=custom.',
    )
  return atStore(terminal, async () => {
    const look = (copy: Parameters<typeof isOpenedBy>[0]) => isOpenedBy(copy, settings.STORE_KEY)
    const { facts, orders, problems, seen } = await backUp(storeFolder(settings), file, look)
    terminal.out(`${count(orders, 'order')}, ${count(facts, 'fact')}, in ${file}. It was read back, and is whole.\n`)
    terminal.out('Customers are sealed in it: without STORE_KEY nobody reads them. Keep that one too, elsewhere.\n')
    return said(terminal, problems, seen)
  })
}

/** `tagsale restore FILE [--replace]`: 0 when the store is the one of the file, 1 when it isn't, 2 when the command isn't one. */
export async function restoreBackup(
  args: readonly string[],
  terminal: Terminal,
  options: StoreOptions = {},
): Promise<number> {
  const flags = { replace: { type: 'boolean', default: false } } as const
  const read = readArguments(args, { allowPositionals: true, options: flags })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const [file, ...more] = read.positionals
  if (!file || more.length > 0) return refuseCommand(terminal, 'Which backup? Say one FILE.')
  const settings = readSettings(SETTINGS, options.values)
  if ('wrong' in settings) return failed(terminal, settings.wrong)
  if (settings.DATABASE_URL)
    return failed(terminal, 'This store is in PostgreSQL. What pg_dump has copied, pg_restore puts back.')
  return atStore(terminal, async () => {
    const look = (copy: Parameters<typeof isOpenedBy>[0]) => isOpenedBy(copy, settings.STORE_KEY)
    const now = (options.now ?? (() => new Date()))()
    const folder = storeFolder(settings)
    const { facts, orders, problems, seen, aside } = await restore(folder, file, { ...read.values, now, look })
    terminal.out(`${count(orders, 'order')}, ${count(facts, 'fact')}, from ${file}.\n`)
    if (aside) terminal.out(`What was there is kept as ${aside}.\n`)
    return said(terminal, problems, seen)
  })
}

function said(terminal: Terminal, problems: readonly string[], isOpened: boolean): number {
  if (problems.length > 0) terminal.error(`${listed(problems)}${DIFFERS}\n`)
  if (!isOpened) terminal.error(`${KEY_IS_ANOTHER}\n`)
  return problems.length > 0 || !isOpened ? 1 : 0
}
