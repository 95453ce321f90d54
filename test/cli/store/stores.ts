import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { tagsale } from '../../../app/cli/tagsale.ts'
import { openStore, openStoreTables, type StorePlace } from '../../../app/store/open.ts'
import type { sql } from '../../../app/store/sql.ts'
import { head, orderNumber, sell } from '../../store/sale.ts'
import { newDatabase } from '../../support/database.ts'

export const STORE_KEY = 'k'.repeat(32)
export const ANOTHER_KEY = 'another key of thirty-two characters'

/** Where everything of these tests lies; there while they run. */
export let root = ''
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-commands-'))
})
afterAll(() => rm(root, { recursive: true }))

export const newFolder = () => join(root, `${folders++}`)
export const inFolder = async (): Promise<StorePlace> => ({ DATA_FOLDER: newFolder() })
export const inDatabase = async (): Promise<StorePlace> => ({
  DATA_FOLDER: newFolder(),
  DATABASE_URL: await newDatabase(),
})
export const ENGINES = { SQLite: inFolder, PostgreSQL: inDatabase }
export type Engine = keyof typeof ENGINES
export const engines = Object.keys(ENGINES) as Engine[]
export const whereOf = ({ DATA_FOLDER, DATABASE_URL }: StorePlace) => DATABASE_URL ?? DATA_FOLDER

/** Opens the store of that place, as a shop does. */
export const openAt = (place: StorePlace, key = STORE_KEY) =>
  openStore(
    { ...place, STORE_KEY: key },
    {
      log: { warn: () => {} },
      onFailure: (error) => {
        throw error
      },
    },
  )

/** A store with so many orders, a fact about the shop, and a customer each. */
export async function storeWith(place: StorePlace, orders = 3): Promise<StorePlace> {
  const store = await openAt(place)
  await Promise.all(Array.from({ length: orders }, (_, n) => sell(store, orderNumber(n))))
  await store.transact({ shop: true }, () => ({
    shop: [{ type: 'shop.chosen', repository: 'tern/shop', at: head.at }],
  }))
  await store.close()
  return place
}

/** Runs a command with the settings of that place. */
export async function run(place: StorePlace, line: string, more: object = {}) {
  const [outs, errors] = [[] as string[], [] as string[]]
  const terminal = { out: (text: string) => void outs.push(text), error: (text: string) => void errors.push(text) }
  const values = { STORE_KEY, ...place, ...more }
  const code = await tagsale(line.split(' '), terminal, { values, now: () => new Date('2026-03-02T10:00:00Z') })
  return { code, out: outs.join(''), error: errors.join('') }
}

/** Changes something in a store, past everything that holds it together. */
export async function tamper(place: StorePlace, statement: ReturnType<typeof sql>): Promise<void> {
  const tables = await openStoreTables(place, { make: false })
  await tables.ask(statement)
  await tables.close()
}

export const ID = orderNumber(1)

/** Whether those bytes are in any file of the store's folder. */
export async function holds({ DATA_FOLDER }: StorePlace, bytes: Buffer | string): Promise<boolean> {
  const folder = join(DATA_FOLDER, 'store')
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
  return files.some((file) => file.includes(bytes))
}
