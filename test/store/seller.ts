// Run by kill.test.ts as a process of its own: sells until it is killed, and prints the number of each order once it was
// acknowledged. `node seller.ts <folder or postgres://…> [first number] [step]`; when the store will not open it prints why and
// ends with 1. With SELLER_FLUSH=none it waits for no disk: a store that must be found out.
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import type { Store } from '../../app/store/store.ts'
import { orderNumber, sell } from './sale.ts'

const CLIENTS = 8
const print = (line: string) => writeSync(1, `${line}\n`) // no buffer of ours may hold it back or lose it
const key = 'k'.repeat(32)
const flush = process.env['SELLER_FLUSH'] === 'none' && { flush: async () => {} }

async function main(where: string, first: string | undefined): Promise<void> {
  const store = where.startsWith('postgres:')
    ? await openPostgresStore({ url: where, key, random: randomBytes, log: { warn: () => {} } })
    : await openSqliteStore({ folder: where, key, random: randomBytes, onFailure: () => process.exit(2), ...flush })
  let next = first === undefined ? (await store.counts()).orders : Number(first)
  print('open')
  await Promise.all(Array.from({ length: CLIENTS }, () => sellForEver(store, () => next++)))
}

async function sellForEver(store: Store, nextNumber: () => number): Promise<void> {
  for (;;) {
    const n = nextNumber()
    await sell(store, orderNumber(n))
    print(String(n))
  }
}

main(process.argv[2] ?? '', process.argv[3]).catch((error: Error) => {
  print(error.message)
  process.exitCode = 1
})
