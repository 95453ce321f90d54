import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tagsale } from '../../app/cli/tagsale.ts'
import { compareStores, copyStore } from '../../app/store/maintenance/copy.ts'
import { openStore, openStoreReader, openStoreTables, type StorePlace } from '../../app/store/open.ts'
import { sql } from '../../app/store/sql.ts'
import { head, orderNumber, placed, sell } from '../store/sale.ts'
import { startSelling } from '../store/selling.ts'
import { newDatabase } from '../support/database.ts'

const STORE_KEY = 'k'.repeat(32)
const ANOTHER_KEY = 'another key of thirty-two characters'

let root = ''
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-commands-'))
})
afterAll(() => rm(root, { recursive: true }))

const newFolder = () => join(root, `${folders++}`)
const inFolder = async (): Promise<StorePlace> => ({ DATA_FOLDER: newFolder() })
const inDatabase = async (): Promise<StorePlace> => ({ DATA_FOLDER: newFolder(), DATABASE_URL: await newDatabase() })
const ENGINES = { SQLite: inFolder, PostgreSQL: inDatabase }
type Engine = keyof typeof ENGINES
const engines = Object.keys(ENGINES) as Engine[]
const whereOf = ({ DATA_FOLDER, DATABASE_URL }: StorePlace) => DATABASE_URL ?? DATA_FOLDER

const openAt = (place: StorePlace, key = STORE_KEY) =>
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
async function storeWith(place: StorePlace, orders = 3): Promise<StorePlace> {
  const store = await openAt(place)
  await Promise.all(Array.from({ length: orders }, (_, n) => sell(store, orderNumber(n))))
  await store.transact({ shop: true }, () => ({
    shop: [{ type: 'shop.chosen', repository: 'tern/shop', at: head.at }],
  }))
  await store.close()
  return place
}

/** Runs a command with the settings of that place. */
async function run(place: StorePlace, line: string, more: object = {}) {
  const [outs, errors] = [[] as string[], [] as string[]]
  const terminal = { out: (text: string) => void outs.push(text), error: (text: string) => void errors.push(text) }
  const values = { STORE_KEY, ...place, ...more }
  const code = await tagsale(line.split(' '), terminal, { values, now: () => new Date('2026-03-02T10:00:00Z') })
  return { code, out: outs.join(''), error: errors.join('') }
}

async function tamper(place: StorePlace, statement: ReturnType<typeof sql>): Promise<void> {
  const tables = await openStoreTables(place, { make: false })
  await tables.ask(statement)
  await tables.close()
}

const ID = orderNumber(1)

describe.each(engines)('tagsale store check, in %s', (engine) => {
  const place = () => ENGINES[engine]()

  it('says what it looked at, and that all is well', async () => {
    const where = await storeWith(await place())
    const { code, out, error } = await run(where, 'store check')
    expect([code, error]).toEqual([0, ''])
    expect(out).toMatch(/: 7 facts, 3 orders\.\nAll is as the facts tell it\.\n$/)
  })

  it.each([
    [
      'an order',
      sql`update orders set fold = replace(fold, '1200', '9900') where id = ${ID}`,
      `${ID} is kept otherwise than its facts tell it.`,
    ],
    [
      'an order that is no JSON',
      sql`update orders set fold = '{' where id = ${ID}`,
      `${ID} is kept otherwise than its facts tell it.`,
    ],
    [
      'what a list shows',
      sql`update orders set status = 'CANCELED' where id = ${ID}`,
      `${ID} is kept otherwise than its facts tell it.`,
    ],
    [
      'how it is found',
      sql`delete from order_terms where term like 'price %' and id = ${ID}`,
      `${ID} is kept otherwise than its facts tell it.`,
    ],
    [
      'a fact',
      sql`update facts set fact = replace(fact, '1200', '9900') where subject = ${ID}`,
      `${ID} is kept otherwise than its facts tell it.`,
    ],
    [
      'a fact that is no JSON',
      sql`update facts set fact = '{' where subject = ${ID} and version = 2`,
      `${ID}: its facts can't be read: `,
    ],
    [
      'a lost fact',
      sql`delete from facts where subject = ${ID} and version = 1`,
      `${ID}: fact 1 is missing, or another’s.`,
    ],
    [
      'another’s fact',
      sql`update facts set fact = replace(fact, ${ID}, ${orderNumber(2)}) where subject = ${ID}`,
      `${ID}: fact 1 is missing, or another’s.`,
    ],
    [
      'a lost last fact',
      sql`delete from facts where subject = ${ID} and version = 2`,
      `${ID} is kept otherwise than its facts tell it.`,
    ],
    ['a lost order', sql`delete from orders where id = ${ID}`, `${ID} is not kept, but its facts tell of it.`],
    ['an order without facts', sql`delete from facts where subject = ${ID}`, `${ID} is kept, but no fact tells of it.`],
    [
      'the shop',
      sql`update shops set state = replace(state, 'tern', 'gull')`,
      'The shop is kept otherwise than its facts tell it.',
    ],
    [
      'a shop’s fact that is no JSON',
      sql`update facts set fact = '{' where subject = ''`,
      "The shop’s facts can't be read: ",
    ],
    ['reserved stock', sql`update reserved set quantity = 7`, '7 of pin are reserved, and the orders hold 3.'],
  ])('finds that somebody changed %s', async (_, change, sentence) => {
    const where = await storeWith(await place())
    await tamper(where, change)
    const { code, out } = await run(where, 'store check')
    expect(out).toContain(sentence)
    expect(out).toContain('Nothing was changed. Keep a copy of the store as it is;')
    expect(code).toBe(1)
  })

  it('looks at one moment, while a shop sells', async () => {
    const where = await storeWith(await place(), 0)
    const selling = await startSelling(where.DATABASE_URL ?? join(where.DATA_FOLDER, 'store'))
    for (let look = 0; look < 5; look++) {
      const { code, out } = await run(where, 'store check')
      expect([code, out]).toEqual([0, expect.stringContaining('All is as the facts tell it.')])
    }
    await selling.kill()
  })

  it('makes none where there is none', async () => {
    const where = await place()
    const { code, error } = await run(where, 'store check')
    expect([code, error]).toEqual([1, expect.stringMatching(/^There is no store in /)])
    expect(existsSync(where.DATA_FOLDER)).toBe(false)
  })
})

describe('tagsale store check', () => {
  it('says what SQLite finds damaged, by file', async () => {
    const where = await storeWith(await inFolder(), 300)
    const file = await open(join(where.DATA_FOLDER, 'store/shop.sqlite'), 'r+')
    const { size } = await file.stat()
    for (let at = 8 * 4096; at + 4096 < size; at += 7 * 4096) await file.write(randomBytes(2000), 0, 2000, at + 60)
    await file.close()
    const { code, out, error } = await run(where, 'store check')
    expect([code, out + error]).toEqual([1, expect.stringMatching(/damaged/)])
    expect(out + error).toContain('Nothing was changed.')
  })

  it('needs none but its own settings, and names those that are wrong', async () => {
    const { code, error } = await run({ DATA_FOLDER: newFolder() }, 'store check', { DATABASE_URL: 'mysql://x' })
    expect([code, error]).toEqual([1, expect.stringMatching(/^DATABASE_URL is not right: /)])
  })
})

describe('bad usage', () => {
  it.each([
    'store',
    'store mend',
    'store check now',
    'store copy',
    'store copy --from a',
    'store copy --from a --to ./a',
    'store key --new x',
    'backup',
    'backup a b',
    'restore',
    'restore a --force',
    'erase',
    'erase Ada',
    'erase a@example.org b@example.org',
    'toString',
  ])('tagsale %s ends with 2, and a sentence', async (line) => {
    const { code, out, error } = await run({ DATA_FOLDER: newFolder() }, line)
    expect([code, out]).toEqual([2, ''])
    expect(error).toMatch(/^[A-Z].*[.?:] Try: tagsale help\n$/)
  })
})

describe('tagsale backup and restore', () => {
  it('bring back all that was acknowledged before the copy began, taken while another process sells', async () => {
    const where = await storeWith(await inFolder(), 0)
    const selling = await startSelling(join(where.DATA_FOLDER, 'store'))
    const file = join(root, 'under-load.backup')
    const before = selling.acknowledged()
    const taken = await run(where, `backup ${file}`)
    expect(selling.acknowledged().length).toBeGreaterThan(before.length)
    await selling.kill()
    expect(taken).toMatchObject({ code: 0, error: '' })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.new`)).toBe(false)
    const elsewhere = await inFolder()
    expect(await run(elsewhere, `restore ${file}`)).toMatchObject({ code: 0, error: '' })
    expect(await run(elsewhere, 'store check')).toMatchObject({ code: 0 })
    const store = await openAt(elsewhere)
    expect(before.length).toBeGreaterThanOrEqual(20)
    for (const n of before) expect(await store.order(orderNumber(n)), `order ${n}`).toMatchObject({ version: 2 })
    expect(await store.customer(orderNumber(0))).toMatchObject({ email: 'ada@example.org' })
    await store.close()
  })

  it('are told in sentences', async () => {
    const where = await storeWith(await inFolder())
    const file = join(root, 'told.backup')
    expect(await run(where, `backup ${file}`)).toEqual({
      code: 0,
      out:
        `3 orders, 7 facts, in ${file}. It was read back, and is whole.\n` +
        'Customers are sealed in it: without STORE_KEY nobody reads them. Keep that one too, elsewhere.\n',
      error: '',
    })
    const elsewhere = await inFolder()
    const first = await run(elsewhere, `restore ${file}`)
    expect(first).toEqual({ code: 0, out: `3 orders, 7 facts, from ${file}.\n`, error: '' })
    const again = await run(elsewhere, `restore ${file}`)
    expect([again.code, again.error]).toEqual([
      1,
      `The store in ${elsewhere.DATA_FOLDER}/store holds orders, or can't be read. With --replace it is kept aside, and the backup takes its place.\n`,
    ])
    const replaced = await run(elsewhere, `restore ${file} --replace`)
    const aside = `${elsewhere.DATA_FOLDER}/store/shop.sqlite.until-2026-03-02T10-00-00.000Z`
    expect(replaced).toMatchObject({
      code: 0,
      out: `3 orders, 7 facts, from ${file}.\nWhat was there is kept as ${aside}.\n`,
    })
  })

  it('with --replace keep the old store whole, orders in its log too', async () => {
    const [where, old] = [await storeWith(await inFolder(), 1), await storeWith(await inFolder(), 0)]
    const file = join(root, 'replacing.backup')
    await run(where, `backup ${file}`)
    const selling = await startSelling(join(old.DATA_FOLDER, 'store'))
    const running = await run(old, `restore ${file} --replace`)
    expect([running.code, running.error]).toEqual([1, expect.stringContaining('Another process is using the store')])
    await selling.kill() // with all it sold in the log
    expect((await run(old, `restore ${file} --replace`)).code).toBe(0)
    const aside = (await readdir(join(old.DATA_FOLDER, 'store'))).find((name) => name.includes('.until-'))
    const saved = join(root, 'aside')
    await run({ DATA_FOLDER: saved }, `restore ${old.DATA_FOLDER}/store/${aside}`)
    const store = await openAt({ DATA_FOLDER: saved })
    for (const n of selling.acknowledged()) expect(await store.order(orderNumber(n))).toMatchObject({ version: 2 })
    await store.close()
    const now = await openAt(old)
    expect((await now.counts()).orders).toBe(1)
    await now.close()
  })

  it('put a backup in the place of a store that is damaged', async () => {
    const where = await storeWith(await inFolder())
    const file = join(root, 'rescue.backup')
    await run(where, `backup ${file}`)
    await writeFile(join(where.DATA_FOLDER, 'store/shop.sqlite'), 'no database, and long enough to see'.repeat(300))
    expect((await run(where, `backup ${root}/never.backup`)).error).toContain('is damaged')
    expect((await run(where, `restore ${file}`)).code).toBe(1)
    expect((await run(where, `restore ${file} --replace`)).code).toBe(0)
    expect((await run(where, 'store check')).code).toBe(0)
  })

  it('take the place of a backup, and of nothing else', async () => {
    const where = await storeWith(await inFolder())
    const file = join(root, 'mine.txt')
    await writeFile(file, 'my letters')
    expect(await run(where, `backup ${file}`)).toMatchObject({
      code: 1,
      error: expect.stringContaining('no backup of Tagsale’s'),
    })
    expect(await readFile(file, 'utf8')).toBe('my letters')
    expect((await run(where, `backup ${root}`)).code).toBe(1)
    expect((await run(where, `backup ${where.DATA_FOLDER}/store/shop.sqlite`)).error).toContain('belongs elsewhere')
    expect((await run(where, `backup ${root}/nowhere/a.backup`)).error).toContain('There is no folder')
    expect((await run(where, `restore ${file} --replace`)).error).toContain('is no backup of Tagsale’s')
    expect((await run(where, `restore ${root}/nothing`)).error).toContain('There is no file')
    expect((await run(where, `backup ${root}/fine.backup`)).code).toBe(0)
    expect((await run(where, `backup ${root}/fine.backup`)).code).toBe(0)
    expect((await run(where, 'store check')).code).toBe(0)
  })

  it('refuse a copy that is damaged, and leave the store as it was', async () => {
    const where = await storeWith(await inFolder(), 300)
    const file = join(root, 'harmed.backup')
    await run(where, `backup ${file}`)
    const handle = await open(file, 'r+')
    await handle.write(randomBytes(30_000), 0, 30_000, 20 * 4096)
    await handle.close()
    expect(await run(where, `restore ${file} --replace`)).toMatchObject({
      code: 1,
      error: expect.stringContaining('damaged'),
    })
    expect((await readdir(join(where.DATA_FOLDER, 'store'))).filter((name) => name.includes('shop.sqlite.'))).toEqual(
      [],
    )
    expect((await run(where, 'store check')).code).toBe(0)
  })

  it('say when STORE_KEY is another', async () => {
    const where = await storeWith(await inFolder())
    const taken = await run(where, `backup ${join(root, 'key.backup')}`, { STORE_KEY: ANOTHER_KEY })
    expect([taken.code, taken.error]).toEqual([1, expect.stringMatching(/^STORE_KEY, as it is set, does not open/)])
  })

  it('name PostgreSQL’s own tools', async () => {
    const place = { DATA_FOLDER: newFolder(), DATABASE_URL: 'postgres://localhost/none' }
    expect(await run(place, 'backup a')).toMatchObject({ code: 1, error: expect.stringContaining('pg_dump') })
    expect(await run(place, 'restore a')).toMatchObject({ code: 1, error: expect.stringContaining('pg_restore') })
  })
})

describe.each(engines.flatMap((from) => engines.map((to) => [from, to] as const)))(
  'tagsale store copy, from %s to %s',
  (from, to) => {
    it('takes everything along, and says that both are the same', async () => {
      const [source, target] = [await storeWith(await ENGINES[from](), 700), await ENGINES[to]()]
      const { code, out, error } = await run(source, `store copy --from ${whereOf(source)} --to ${whereOf(target)}`)
      expect([code, error]).toEqual([
        0,
        expect.stringMatching(/^0 % copied\n25 % copied\n[\s\S]*100 % copied\n0 % compared\n[\s\S]*100 % compared\n$/),
      ])
      expect(out).toMatch(/^700 orders, 1,401 facts, \d,\d+ rows in all, in .*: the same on both sides\.\n/)
      const store = await openAt(target)
      expect(await store.customer(orderNumber(5))).toMatchObject({ email: 'ada@example.org' })
      expect(await store.orders({ text: 'ada@example.org' })).toMatchObject({ orders: { length: 50 } })
      await sell(store, orderNumber(700)) // positions go on
      await store.close()
      expect((await run(target, 'store check')).out).toContain('1,403 facts, 701 orders.')
    })

    it('goes on after an interruption, keeps shops away until then, and takes in what changed meanwhile', async () => {
      const [source, target] = [await storeWith(await ENGINES[from](), 700), await ENGINES[to]()]
      const reader = await openStoreReader(source)
      const tables = await openStoreTables(target, { make: true })
      const interrupted = copyStore(reader, tables, ({ done }) => {
        if (done > 2000) throw new Error('pulled the plug')
      })
      await expect(interrupted).rejects.toThrow('plug')
      await Promise.all([reader.close(), tables.close()])
      await expect(openAt(target)).rejects.toThrow(/^This store is an unfinished copy of another\./)
      const store = await openAt(source)
      await sell(store, orderNumber(800))
      await store.erase([orderNumber(3)])
      await store.close()
      expect(await run(source, `store copy --from ${whereOf(source)} --to ${whereOf(target)}`)).toMatchObject({
        code: 0,
      })
      const copy = await openAt(target)
      expect(await copy.order(orderNumber(800))).toMatchObject({ version: 2 })
      expect(await copy.customer(orderNumber(3))).toBeUndefined()
      await copy.close()
    })

    it('refuses a target with orders of its own', async () => {
      const [source, target] = [await storeWith(await ENGINES[from]()), await storeWith(await ENGINES[to](), 1)]
      const { code, error } = await run(source, `store copy --from ${whereOf(source)} --to ${whereOf(target)}`)
      expect([code, error]).toEqual([
        1,
        'There is a store with orders or work of its own already. Choose another place.\n',
      ])
      expect((await run(target, 'store check')).out).toContain('1 order.')
    })
  },
)

describe('tagsale store copy', () => {
  it('refuses while a shop runs in either folder, and where there is no store', async () => {
    const [source, target] = [await storeWith(await inFolder()), await storeWith(await inFolder(), 0)]
    for (const busy of [source, target]) {
      const store = await openAt(busy)
      const { code, error } = await run(source, `store copy --from ${source.DATA_FOLDER} --to ${target.DATA_FOLDER}`)
      expect([code, error]).toEqual([1, expect.stringContaining('Another process is using the store')])
      await store.close()
    }
    const none = await run(source, `store copy --from ${newFolder()} --to ${newFolder()}`)
    expect([none.code, none.error]).toEqual([1, expect.stringMatching(/^There is no store in /)])
  })

  it('refuses an unfinished copy of another store', async () => {
    const [one, other, target] = [
      await storeWith(await inFolder()),
      await storeWith(await inFolder()),
      await inFolder(),
    ]
    const [reader, tables] = [await openStoreReader(one), await openStoreTables(target, { make: true })]
    const interrupted = copyStore(reader, tables, () => {
      throw new Error('plug')
    })
    await expect(interrupted).rejects.toThrow('plug')
    await Promise.all([reader.close(), tables.close()])
    const { code, error } = await run(other, `store copy --from ${other.DATA_FOLDER} --to ${target.DATA_FOLDER}`)
    expect([code, error]).toEqual([1, expect.stringMatching(/^There is an unfinished copy of another store already\./)])
  })

  it.each([
    ['a row more', sql`insert into reserved values ('main', 'mug', 1)`, 'reserved: 1 rows here, 2 there.'],
    [
      'a fact that differs',
      sql`update facts set at = ${head.at} || ' ' where position = 2`,
      'facts: as many rows, but not the same.',
    ],
    [
      'facts in another order',
      sql`update facts set position = position + 100 where position = 1`,
      'facts: as many rows, but not the same.',
    ],
  ])('finds %s', async (_, change, sentence) => {
    const [source, target] = [await storeWith(await inFolder()), await inFolder()]
    await run(source, `store copy --from ${source.DATA_FOLDER} --to ${target.DATA_FOLDER}`)
    await tamper(target, change)
    const [one, other] = [await openStoreReader(source), await openStoreReader(target)]
    expect((await compareStores(one, other)).problems).toContain(sentence)
    await Promise.all([one.close(), other.close()])
  })
})

describe.each(engines)('tagsale store key, in %s', (engine) => {
  it('seals the store with the new key, and only that one opens it then', async () => {
    const where = await storeWith(await ENGINES[engine]())
    const { code, out, error } = await run(where, 'store key', { STORE_KEY_NEW: ANOTHER_KEY })
    expect([code, error]).toEqual([0, ''])
    expect(out).not.toContain(ANOTHER_KEY)
    expect(out).toContain('Done: only the new key opens this store.')
    await expect(openAt(where)).rejects.toThrow('STORE_KEY is not the one')
    const store = await openAt(where, ANOTHER_KEY)
    expect(await store.customer(ID)).toMatchObject({ email: 'ada@example.org' })
    await store.close()
  })

  it('makes one, and shows it', async () => {
    const where = await storeWith(await ENGINES[engine]())
    const { code, out } = await run(where, 'store key')
    const key = /^ {4}(\S{44})$/m.exec(out)?.[1] ?? ''
    expect([code, key]).toEqual([0, expect.stringMatching(/=$/)])
    await (await openAt(where, key)).close()
  })

  it('changes nothing when the old one is not right, or the new one is none', async () => {
    const where = await storeWith(await ENGINES[engine]())
    const wrong = await run(where, 'store key', { STORE_KEY: ANOTHER_KEY })
    expect(wrong).toEqual({
      code: 1,
      out: '',
      error: 'STORE_KEY is not the one that this store was made with. Nothing was changed.\n',
    })
    expect((await run(where, 'store key', { STORE_KEY_NEW: STORE_KEY })).code).toBe(1)
    expect((await run(where, 'store key', { STORE_KEY_NEW: 'short' })).error).toMatch(/^STORE_KEY_NEW is not right/)
    await (await openAt(where)).close()
  })
})

describe('tagsale store key', () => {
  it('is refused while a shop runs over SQLite; over PostgreSQL a shop goes on', async () => {
    for (const engine of engines) {
      const where = await storeWith(await ENGINES[engine]())
      const store = await openAt(where)
      const { code, out, error } = await run(where, 'store key', { STORE_KEY_NEW: ANOTHER_KEY })
      if (engine === 'SQLite') expect([code, error]).toEqual([1, expect.stringContaining('Another process is using')])
      else {
        expect([code, out]).toEqual([0, expect.stringContaining('restart them one by one')])
        await sell(store, orderNumber(50))
      }
      expect(await store.customer(ID)).toMatchObject({ email: 'ada@example.org' })
      await store.close()
    }
  })

  it('leaves no copy of the old sealed key in any file', async () => {
    const where = await storeWith(await inFolder())
    const reader = await openStoreReader(where)
    const [row] = await reader.ask(sql`select value from settings where name = 'key'`)
    await reader.close()
    const old = Buffer.from(row?.['value'] as Uint8Array)
    expect(await holds(where, old)).toBe(true)
    await run(where, 'store key', { STORE_KEY_NEW: ANOTHER_KEY })
    expect(await holds(where, old)).toBe(false)
  })
})

/** Whether those bytes are in any file of the store's folder. */
async function holds({ DATA_FOLDER }: StorePlace, bytes: Buffer | string): Promise<boolean> {
  const folder = join(DATA_FOLDER, 'store')
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
  return files.some((file) => file.includes(bytes))
}

describe.each(engines)('tagsale erase, in %s', (engine) => {
  const canary = {
    name: 'Zebulon Quill',
    email: 'Zebulon@Example.org',
    address: {
      name: 'Zebulon Quill',
      line1: 'Larkspur Lane 7',
      line2: null,
      city: 'Oldport',
      state: null,
      postalCode: '1234',
      country: 'DE',
    },
  }
  const [mine, later, someone] = [orderNumber(1), orderNumber(2), orderNumber(3)]

  async function withCanary() {
    const where = await ENGINES[engine]()
    const store = await openAt(where)
    for (const order of [mine, later]) {
      await sell(store, order)
      await store.transact({ order }, () => ({ customer: { ...canary, order } }))
    }
    await store.transact({ order: someone }, () => ({
      events: [placed(someone)],
      customer: { ...canary, order: someone, email: 'other@example.org' },
    }))
    await store.close()
    return where
  }

  it('removes a buyer by mail from every order of theirs, and says how many', async () => {
    const where = await withCanary()
    const reader = await openStoreReader(where)
    const sealed = await reader.ask(sql`select sealed from customers where id <> ${someone}`)
    await reader.close()
    const readable = ['Zebulon', 'zebulon@example.org', 'Larkspur', 'Oldport']
    if (engine === 'SQLite') for (const text of readable) expect(await holds(where, text), text).toBe(false)
    const { code, out, error } = await run(where, 'erase zebulon@example.ORG')
    expect([code, error]).toEqual([0, ''])
    expect(out).toMatch(/^2 orders of theirs have no buyer any more: /)
    expect(out.toLowerCase()).not.toContain('zebulon')
    const store = await openAt(where)
    expect(await store.customer(mine)).toBeUndefined()
    expect(await store.customer(someone)).toMatchObject({ email: 'other@example.org' })
    expect((await store.orders({ text: 'zebulon' })).orders.map(({ id }) => id)).toEqual([someone])
    expect(await store.order(mine)).toMatchObject({ version: 2 })
    await store.close()
    if (engine === 'SQLite') {
      for (const row of sealed)
        expect(await holds(where, Buffer.from(row['sealed'] as Uint8Array).subarray(0, 40))).toBe(false)
    }
    expect((await run(where, 'store check')).code).toBe(0)
    const again = await run(where, 'erase zebulon@example.org')
    expect(again).toEqual({ code: 1, out: '', error: 'No order here is theirs.\n' })
  })

  it('removes the buyer of one order', async () => {
    const where = await withCanary()
    expect((await run(where, `erase ${mine}`)).out).toContain(`1 order of theirs has no buyer any more: ${mine}.`)
    const store = await openAt(where)
    expect(await store.customer(mine)).toBeUndefined()
    expect(await store.customer(later)).toBeDefined()
    await store.close()
    expect((await run(where, `erase ${orderNumber(77)}`)).code).toBe(1)
  })

  it('makes no store, and with SQLite waits for no shop', async () => {
    const none = await run(await ENGINES[engine](), 'erase a@example.org')
    expect([none.code, none.error]).toEqual([1, expect.stringMatching(/^There is no store in /)])
    if (engine !== 'SQLite') return
    const where = await withCanary()
    const store = await openAt(where)
    expect((await run(where, `erase ${mine}`)).error).toContain('Another process is using the store')
    await store.close()
  })
})
