import { open, readFile, rm } from 'node:fs/promises'
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
  const holder = Number(await readFile(file, 'utf8').catch(() => ''))
  if (holder && isAlive(holder)) {
    const instead = 'Stop that one first, or give this one a folder of its own: npm start -- --state FOLDER'
    throw new Sentence(`Another process is using ${folder} (its number is ${holder}). ${instead}`)
  }
  await rm(file, { force: true })
  const handle = await open(file, 'wx', 0o600)
  await handle.writeFile(String(process.pid))
  await handle.close()
  return () => rm(file, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it lives, and is somebody else's
  }
}
