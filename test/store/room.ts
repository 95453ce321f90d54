// Sells one order in the store in that folder, and says how that went; then ends without a word to the store, as after a failure, or closes it.
import { randomBytes } from 'node:crypto'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import { orderNumber, sell } from './sale.ts'

const [folder = '', end] = process.argv.slice(2)
try {
  const store = await openSqliteStore({ folder, key: 'k'.repeat(32), random: randomBytes, onFailure: () => {} })
  const { orders } = await store.counts()
  const sold = await sell(store, orderNumber(orders)).then(
    () => 'sold',
    (error: Error) => error.name,
  )
  console.log(`${orders} orders, ${sold}`)
  if (end === 'close') await store.close()
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message.replace(folder, 'the folder')}`)
}
process.exit(0)
