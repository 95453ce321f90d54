import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { newDatabase } from '../support/database.ts'
import { describeStore } from './contract.ts'

describeStore('the store in PostgreSQL', async () => {
  const parts = { url: await newDatabase(), key: 'k'.repeat(32), random: randomBytes, log: pino({ level: 'silent' }) }
  let store = await openPostgresStore(parts)
  const reopen = async () => {
    await store.close()
    store = await openPostgresStore(parts)
    return store
  }
  return { store, reopen }
})
