import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { checkStore } from '../../app/store/check.ts'
import { openStore, openStoreReader, type StoreSettings } from '../../app/store/open.ts'
import { newDatabase } from '../support/database.ts'
import { SOLD, sellSome } from './figures.ts'

// A store of an earlier format, made by taking from a new one what came later: what was in it is there, and as it should be.

const LATER = { 5: 'drop table sales' }

/** Takes a closed store back to that format. */
const ENGINES: Record<
  string,
  (root: string) => Promise<{ where: Partial<StoreSettings>; undo: (sql: string, format: number) => Promise<void> }>
> = {
  SQLite: async (root) => ({
    where: {},
    async undo(sql, format) {
      const db = new DatabaseSync(join(root, 'store', 'shop.sqlite'))
      db.exec(`${sql}; pragma user_version = ${format}`)
      db.close()
    },
  }),
  PostgreSQL: async () => {
    const url = await newDatabase()
    return {
      where: { DATABASE_URL: url },
      async undo(sql, format) {
        const client = new pg.Client({ connectionString: url })
        await client.connect()
        await client.query(`${sql}; delete from formats where format > ${format}`)
        await client.end()
      },
    }
  },
}

it.each(Object.entries(ENGINES))('format 5 knew no figures: they are counted, in %s', async (_, engine) => {
  const root = await mkdtemp(join(tmpdir(), 'tagsale-migrations-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const { where, undo } = await engine(root)
  const settings = { DATA_FOLDER: root, STORE_KEY: randomBytes(32).toString('hex'), ...where } as StoreSettings
  const open = () =>
    openStore(settings, { log: { warn: () => {} }, onFailure: (error) => expect.unreachable(error.message) })
  const before = await open()
  await sellSome(before)
  await before.close()
  await undo(LATER[5], 5)
  const store = await open()
  for (const [, asked, figures] of SOLD)
    expect(await store.figures(asked)).toEqual(figures.map((one) => ({ ...one, currency: 'eur' })))
  await store.close()
  const reader = await openStoreReader(settings)
  expect((await checkStore(reader)).problems).toEqual([])
  await reader.close()
})
