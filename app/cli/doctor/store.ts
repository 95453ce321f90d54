import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, cp, mkdir, realpath, rm, stat, statfs } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { lockAddress } from '../../store/lock.ts'
import { openLowdbStore } from '../../store/lowdb.ts'
import { StoreRefusedError } from '../../store/refusal.ts'
import { type Finding, fault, type Tools, well } from './check.ts'

const FREE_MEGABYTES_MIN = 512
const MEGABYTE = 1_000_000

/** The data folder: writable, room on its disk, and a store in it that opens. A running shop isn't disturbed. */
export async function lookAtStore(dataFolder: string, tools: Pick<Tools, 'now'>): Promise<Finding[]> {
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
  return [...room, await lookInside(dataFolder, tools)]
}

async function lookInside(dataFolder: string, tools: Pick<Tools, 'now'>): Promise<Finding> {
  const folder = join(dataFolder, 'store')
  if (!(await exists(folder))) return well(`${dataFolder} is empty, and will be filled at the first start`)
  if (await isHeld(folder)) return well(`${dataFolder} is in use by a running shop`)
  try {
    const events = await openCopy(dataFolder, folder, tools)
    return well(`${dataFolder} opens: ${events} facts`)
  } catch (error) {
    if (!(error instanceof StoreRefusedError)) throw error
    return fault(error.message, 'Nothing was changed. The last backup has the same folder.')
  }
}

/** Opens a copy, because opening mends: what a crash left half-written is cut off. */
async function openCopy(dataFolder: string, folder: string, { now }: Pick<Tools, 'now'>): Promise<number> {
  const copy = join(dataFolder, `.doctor-${randomUUID()}`)
  try {
    await mkdir(copy, { mode: 0o700 })
    await cp(folder, copy, { recursive: true })
    const onFailure = (error: Error) => {
      throw error
    }
    const { store, report } = await openLowdbStore({ folder: copy, now, onFailure })
    await store.close()
    return report.events
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Whether a process holds the store's lock. Asking leaves it as it is. */
async function isHeld(folder: string): Promise<boolean> {
  const address = lockAddress(await realpath(folder), process.platform)
  return new Promise((done) => {
    const call = connect(address, () => {
      call.destroy()
      done(true)
    })
    call.once('error', () => done(false))
  })
}

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
