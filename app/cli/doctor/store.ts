import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { openStoreReader } from '../../store/open.ts'
import { sql } from '../../store/sql.ts'
import { hasJournal } from '../../store/sqlite/journal.ts'
import { type Finding, fault, well } from './check.ts'

const FREE_MEGABYTES_MIN = 512
const MEGABYTE = 1_000_000

/** The data folder: writable, room on its disk, and a store in it that opens. A running shop isn't disturbed. */
export async function lookAtStore(dataFolder: string): Promise<Finding[]> {
  const existing = await nearest(resolve(dataFolder))
  if (!(await isWritableFolder(existing))) {
    return [fault(`${existing} can't be written`, 'Let the shop write there, or choose another DATA_FOLDER.')]
  }
  const { bavail, bsize } = await statfs(existing)
  const free = (bavail * bsize) / MEGABYTE
  const room =
    free >= FREE_MEGABYTES_MIN
      ? []
      : [
          fault(
            `${Math.floor(free)} MB are free on the disk of ${dataFolder}`,
            `Make room: at least ${FREE_MEGABYTES_MIN} MB.`,
          ),
        ]
  return [...room, await lookInside(dataFolder)]
}

async function lookInside(dataFolder: string): Promise<Finding> {
  const folder = join(dataFolder, 'store')
  if (!(await exists(folder))) return well(`${dataFolder} is empty, and will be filled at the first start`)
  if (hasJournal(folder)) return well(`${dataFolder} holds orders of an earlier version, which the next start takes in`)
  return lookAtFacts(dataFolder, { DATA_FOLDER: dataFolder })
}

/** The database: reached, and with a store in it or none yet. */
export const lookAtDatabase = (url: string): Promise<Finding> =>
  lookAtFacts(`the database ${new URL(url).pathname.slice(1)}`, { DATA_FOLDER: '', DATABASE_URL: url })

async function lookAtFacts(name: string, settings: Parameters<typeof openStoreReader>[0]): Promise<Finding> {
  try {
    const reader = await openStoreReader(settings)
    const [row] = await reader.ask(sql`select count(*) as facts from facts`).finally(reader.close)
    return well(`${name} opens: ${row?.['facts']} facts`)
  } catch (error) {
    if (isWithoutTables(error)) return well(`${name} is empty, and will be filled at the first start`)
    return fault((error as Error).message, 'Nothing was changed. `npx tagsale store check` looks closer.')
  }
}

/** As PostgreSQL says it. */
const isWithoutTables = (error: unknown): boolean => (error as { code?: string }).code === '42P01'

async function isWritableFolder(path: string): Promise<boolean> {
  if (!(await stat(path)).isDirectory()) return false
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
}

/** The folder itself, or the first of those above it that is there. */
async function nearest(folder: string): Promise<string> {
  return (await exists(folder)) || dirname(folder) === folder ? folder : nearest(dirname(folder))
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
