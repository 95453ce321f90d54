import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Sentence } from './sentence.ts'

/** The lock's name: a file with the number of the process that holds it. */
export const LOCK = 'sandbox.pid'

/**
 * Makes this the only sandbox of a folder until the process ends, however it ends. Gives how to let it go. Throws a Sentence
 * when another one runs there.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, LOCK)
  // Only one process can make a file.
  const make = () => writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 })
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    await refuseBeside(file, folder)
    await rm(file, { force: true }) // its process is gone
    await make()
  })
  return () => rm(file, { force: true })
}

async function refuseBeside(file: string, folder: string): Promise<void> {
  const holder = Number(await readFile(file, 'utf8').catch(() => ''))
  if (!holder || !isAlive(holder)) return
  const instead = 'Stop that one first, or give this one a folder of its own: npm start -- --state FOLDER'
  throw new Sentence(`Another process is using ${folder} (its number is ${holder}). ${instead}`)
}

/** Whether there is a process of this number, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it lives, and is somebody else's
  }
}
