// Run by full-disk.sh as a process of its own: prints how many orders the store in a folder has, or that it was refused.
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { StoreRefusedError } from '../../app/store/refusal.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'

const [, , folder = ''] = process.argv
try {
  const store = await openSqliteStore({ folder, key: 'k'.repeat(32), random: randomBytes, onFailure: () => {} })
  writeSync(1, String((await store.counts()).orders))
  await store.close()
} catch (error) {
  writeSync(1, error instanceof StoreRefusedError ? 'refused' : `${error}`)
}
