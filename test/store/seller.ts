// Run by kill.test.ts as a process of its own: sells until it is killed, and prints the number of each order once it was
// acknowledged. `node seller.ts <folder>`; when the store will not open it prints why and ends with 1.
import { writeSync } from 'node:fs'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import type { Store } from '../../app/store/store.ts'
import { orderNumber, wholeSale } from './sale.ts'

const CLIENTS = 8
const print = (line: string) => writeSync(1, `${line}\n`) // no buffer of ours may hold it back or lose it

async function main(folder: string): Promise<void> {
  const onFailure = () => process.exit(2)
  const { store } = await openLowdbStore({ folder, now: () => new Date(), onFailure })
  let next = (await store.counts()).orders
  print('open')
  await Promise.all(Array.from({ length: CLIENTS }, () => sellForEver(store, () => next++)))
}

async function sellForEver(store: Store, nextNumber: () => number): Promise<void> {
  for (;;) {
    const n = nextNumber()
    await store.transact({}, () => wholeSale(orderNumber(n)))
    print(String(n))
  }
}

main(process.argv[2] ?? '').catch((error: Error) => {
  print(error.message)
  process.exitCode = 1
})
