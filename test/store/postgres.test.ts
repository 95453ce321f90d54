import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { newDatabase } from '../support/database.ts'
import { describeStore } from './contract.ts'
import { orderNumber, sell } from './sale.ts'

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

test('what a transaction that is not over may come before is not read yet; what never came is not waited for', async () => {
  const url = await newDatabase()
  const parts = { url, key: 'k'.repeat(32), random: randomBytes, log: pino({ level: 'silent' }) }
  const store = await openPostgresStore(parts)
  const slow = new pg.Client({ connectionString: url })
  onTestFinished(() => Promise.all([store.close(), slow.end()]).then(() => {}))
  await slow.connect()
  const fact = (subject: string) => `insert into facts (shop, subject, version, at, fact)
    values ('main', '${subject}', 1, '2026-03-01T09:00:00.000Z', '{}')`
  const soon = new Date('2026-03-01T09:00:30Z')
  await sell(store, orderNumber(1))
  await slow.query(`begin; ${fact('slow')}`)
  await sell(store, orderNumber(2))
  const before = await store.facts(0, 10, soon)
  expect(before.map(({ subject }) => subject)).toEqual([orderNumber(1), orderNumber(1)])
  const after = () => store.facts(before[1]?.position ?? 0, 10, soon)
  expect(await after()).toEqual([])
  await slow.query('commit')
  expect((await after()).map(({ subject }) => subject)).toEqual(['slow', orderNumber(2), orderNumber(2)])

  const last = (await after())[2]?.position ?? 0
  await slow.query(`begin; ${fact('never')}; rollback`)
  await sell(store, orderNumber(3))
  expect(await store.facts(last, 10, soon)).toEqual([])
  expect(await store.facts(last, 10, new Date('2026-03-01T09:02:01Z'))).toHaveLength(2)
})
