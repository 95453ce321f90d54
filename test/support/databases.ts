import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type Databases, databasesIn, startPostgres } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers each request with the connection string of a fresh database. */
    databases: string
  }
}

/** One server for the whole test run, which starts when the first test asks for a database. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL } = process.env
  let databases: Promise<Databases> | undefined
  const open = async () => (DATABASE_URL ? databasesIn(DATABASE_URL) : startPostgres())
  const door = createServer(async (_, response) => {
    try {
      databases ??= open()
      response.end(await (await databases).newDatabase())
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  }).listen(0, '127.0.0.1')
  await once(door, 'listening')
  provide('databases', `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
  return async () => {
    door.close()
    await databases?.then(
      ({ stop }) => stop(),
      () => {}, // it never started, which each test that asked was told
    )
  }
}
