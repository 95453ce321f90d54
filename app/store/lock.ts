import { hash } from 'node:crypto'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreRefusedError } from './refusal.ts'

/** Lets the folder go. */
export type Release = () => Promise<void>

/**
 * Makes this process the only one that uses the folder, until it lets go or dies. A listening socket is the lock: the
 * system takes it away with the process, however that ends. Throws `StoreRefusedError` when somebody else has it.
 */
export async function lockFolder(folder: string, platform: NodeJS.Platform = process.platform): Promise<Release> {
  const address = lockAddress(await realpath(folder), platform)
  const server = createServer((caller) => caller.destroy())
  if (!(await listens(server, address)) && !((await leftBehind(address)) && (await listens(server, address)))) {
    throw new StoreRefusedError(
      `Another process is using the store in ${folder}. Stop that one first, or give this one a folder of its own.`,
    )
  }
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

/** Linux has names that no file stands for, Windows has pipes; elsewhere it is a file, which can outlive its process. */
export function lockAddress(folder: string, platform: NodeJS.Platform): string {
  const name = `tagsale-${hash('sha256', folder).slice(0, 32)}`
  if (platform === 'linux') return `\0${name}`
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
}

const listens = (server: Server, address: string) =>
  new Promise<boolean>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error))
    server.once('error', refused)
    server.listen({ path: address, exclusive: true }, () => {
      server.off('error', refused)
      resolve(true)
    })
  })

/** Whether the address is a file whose process is gone; if so it is removed. */
async function leftBehind(address: string): Promise<boolean> {
  const isFile = !address.startsWith('\0') && !address.startsWith('\\\\')
  if (!isFile || !(await refusesCallers(address))) return false
  await rm(address, { force: true })
  return true
}

const refusesCallers = (address: string) =>
  new Promise<boolean>((resolve) => {
    const call = connect(address, () => {
      call.destroy()
      resolve(false)
    })
    call.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
