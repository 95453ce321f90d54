import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { rebuild, verify } from '../../app/cli/ledger.ts'
import { chained, NO_CHAIN } from '../../app/ledger/line.ts'
import { writeLedger } from '../../app/ledger/write.ts'
import type { OrderId } from '../../app/order/id.ts'
import { openStore } from '../../app/store/open.ts'
import { takeIn } from '../../app/take-in.ts'
import { placed } from '../store/sale.ts'
import { newDatabase } from '../support/database.ts'
import { checkOut, openTestShop, pay, type TestShop } from '../support/shop.ts'

const REPOSITORY = { owner: 'heron', repo: 'ledger' }
const PERSON = { email: 'mira.lindqvist@example.org', name: 'Mira Lindqvist' }
const GUIDE = [{ price: 'guide/pdf', quantity: 1 }]

let shop: TestShop
let folder = ''
const orders: Record<string, OrderId> = {}
const sessions: Record<string, string> = {}

/** Starts a sale by this name, and pays it if so wanted. */
async function sell(name: string, isPaid = true): Promise<void> {
  const { order, session } = await checkOut(shop, GUIDE)
  orders[name] = order
  sessions[name] = session
  if (isPaid) await pay(shop, session, { outcome: 'pay', ...PERSON })
  await shop.work()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-rebuild-'))
  shop = await openTestShop({ ledger: true })
  await sell('paid')
  await sell('refunded')
  await sell('open', false)
  const refunded = await shop.store.order(orders['refunded'] as OrderId)
  await shop.stripe.api.refunds.create({ payment_intent: refunded?.payment.id ?? '', amount: 100 })
  await vi.waitFor(async () => {
    await shop.work()
    expect((await shop.store.order(orders['refunded'] as OrderId))?.refunds).toHaveLength(1)
  })
  await nextMinute()
})
afterAll(async () => {
  await shop.close()
  await rm(folder, { recursive: true })
})

/** Lets the ledger be written. */
async function nextMinute(): Promise<void> {
  shop.clock.aheadSeconds += 61
  await shop.work()
}

/** The ledger as `git clone` would give it. */
async function clone(name: string): Promise<string> {
  const octokit = shop.github.as('ada').rest
  const { data } = await octokit.git.getTree({ ...REPOSITORY, tree_sha: 'main', recursive: '1' })
  for (const { path = '', type, sha = '' } of data.tree) {
    if (type !== 'blob') continue
    const blob = await octokit.git.getBlob({ ...REPOSITORY, file_sha: sha })
    const file = join(folder, name, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, Buffer.from(blob.data.content, 'base64'))
  }
  return join(folder, name)
}

/** Runs a command, and gives its exit code and all that it said. */
async function run(command: typeof rebuild, args: string[], settings: object) {
  let said = ''
  const say = (text: string) => {
    said += text
  }
  const terminal = { out: say, error: say }
  const config = { ...shop.parts.config, ...settings }
  return { code: await command(args, terminal, { config, now: shop.parts.now }), said }
}
const elsewhere = (name: string) => ({
  DATABASE_URL: undefined,
  DATA_FOLDER: join(folder, name),
  STORE_KEY: 'k'.repeat(32),
})
const open = (settings: object) =>
  openStore({ ...shop.parts.config, ...settings }, { log: shop.parts.log, onFailure: () => {} })

/** What a store knows of these orders, and of the shop. */
async function knowledge(store: TestShop['store'], names: readonly string[]) {
  const ids = names.map((name) => orders[name] as OrderId)
  const about = async (id: OrderId) => ({
    order: await store.order(id),
    events: await store.events(id),
    customer: await store.customer(id),
  })
  return { orders: await Promise.all(ids.map(about)), shop: await store.shop(), events: await store.shopEvents() }
}

test('nobody is in the ledger: not in a file, a path or a message of any commit', async () => {
  const octokit = shop.github.as('ada').rest
  const { data: commits } = await octokit.repos.listCommits({ ...REPOSITORY, per_page: 100 })
  const texts = commits.map(({ commit }) => commit.message)
  for (const { sha } of commits) {
    const { data } = await octokit.git.getTree({ ...REPOSITORY, tree_sha: sha, recursive: '1' })
    texts.push(JSON.stringify(data))
    for (const { type, sha: blob = '' } of data.tree) {
      if (type !== 'blob') continue
      const { content } = (await octokit.git.getBlob({ ...REPOSITORY, file_sha: blob })).data
      texts.push(Buffer.from(content, 'base64').toString('utf8'))
    }
  }
  const all = texts.join('\n')
  expect(all).toContain(orders['paid'])
  expect(all).toContain('order.refunded')
  expect([...all.matchAll(/mira|lindqvist|@/gi)]).toEqual([])
})

describe.each([
  ['the embedded store', async () => elsewhere('sqlite')],
  ['PostgreSQL', async () => ({ ...elsewhere('postgres'), DATABASE_URL: await newDatabase() })],
])('into %s', (name, place) => {
  const now = {} as { settings: Awaited<ReturnType<typeof place>> }

  test('an empty store becomes whole: orders, the shop, and who bought; what is open goes on, and no mail of old is sent', async () => {
    now.settings = await place()
    const ledger = await clone(name)
    const { code, said } = await run(rebuild, [ledger], now.settings)
    expect({ code, said }).toMatchObject({ code: 0 })
    const names = ['paid', 'refunded', 'open']
    const store = await open(now.settings)
    expect(await knowledge(store, names)).toEqual(await knowledge(shop.store, names))
    expect((await knowledge(store, names)).orders[0]?.customer).toMatchObject(PERSON)
    expect(await store.job(`close-checkout:${orders['open']}`)).toEqual(
      await shop.store.job(`close-checkout:${orders['open']}`),
    )
    expect(await store.nextDueAt('mail')).toBeUndefined()
    const written = await writeLedger({ ...shop.parts, store }, new Date(0), shop.parts.now())
    expect(written).toMatchObject({ end: 'again' })
    await store.close()
    expect(await clone(`${name} after`).then((after) => headOf(after))).toEqual(await headOf(ledger))
  })

  test('again, it finds nothing to do, and all is the same', async () => {
    const ledger = await clone(`${name} again`)
    expect(await run(rebuild, [ledger], now.settings)).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^0 facts written/),
    })
    expect(await run(verify, [ledger], now.settings)).toMatchObject({
      code: 0,
      said: expect.stringContaining('no difference'),
    })
  })
})

const headOf = async (clone: string) => JSON.parse(await readFile(join(clone, 'head.json'), 'utf8'))

/** Edits the lines of a clone's only part. */
async function edited(name: string, edit: (lines: string[]) => string[]): Promise<string> {
  const ledger = await clone(name)
  const [part = ''] = (await readdir(ledger, { recursive: true })).filter((path) => path.endsWith('.jsonl'))
  const lines = (await readFile(join(ledger, part), 'utf8')).split('\n').slice(0, -1)
  await writeFile(
    join(ledger, part),
    edit(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
  return ledger
}

describe('a ledger that is not as it was written', () => {
  test.each([
    [
      'has a changed amount',
      (lines: string[]) => lines.map((line) => line.replace('"amount":100,', '"amount":99,')),
      'was changed',
    ],
    ['lacks a line', (lines: string[]) => lines.toSpliced(2, 1), 'line 3: fact 4 follows on 2'],
    ['lacks its last line', (lines: string[]) => lines.slice(0, -1), 'counts'],
    ['has a line twice', (lines: string[]) => [...lines.slice(0, 2), ...lines.slice(1)], 'line 3: fact 2 follows on 2'],
    ['has a line that is none', (lines: string[]) => lines.with(1, '{}'), 'line 2: no fact'],
  ])('%s: nothing is made of it, and what is compared says so', async (name, edit, sentence) => {
    const ledger = await edited(name, edit)
    const settings = elsewhere(`${name} store`)
    expect(await run(rebuild, [ledger], settings)).toEqual({ code: 1, said: expect.stringContaining(sentence) })
    const store = await open(settings)
    expect(await store.counts()).toMatchObject({ orders: 0 })
    await store.close()
    expect(await run(verify, [ledger], settings)).toMatchObject({ code: 1, said: expect.stringContaining(sentence) })
  })

  test('a whole one, in which somebody who knows how changed a fact, is found out by the store, while the shop runs', async () => {
    expect(await run(verify, [await clone('untouched')], {})).toMatchObject({ code: 0 })
    let chain = NO_CHAIN
    const ledger = await edited('forged', (lines) =>
      lines.map((line) => {
        const forged = line.replace('"amount":100,', '"amount":99,')
        chain = chained(chain, forged)
        return forged
      }),
    )
    await writeFile(join(ledger, 'head.json'), JSON.stringify({ ...(await headOf(ledger)), chain }))
    expect(await run(verify, [ledger], {})).toMatchObject({
      code: 1,
      said: expect.stringContaining(`${orders['refunded']} has other facts in the ledger than in the store.`),
    })
  })

  test('is no ledger at all', async () => {
    expect(await run(rebuild, [folder], elsewhere('none'))).toMatchObject({
      code: 1,
      said: expect.stringContaining('holds no ledger'),
    })
  })
})

describe('what happened after the ledger was last written', () => {
  const settings = () => elsewhere('behind')
  let ledger = ''

  test('comes from Stripe where the order is in the ledger; where it is not, it is named', async () => {
    ledger = await clone('behind ledger')
    await run(rebuild, [ledger], settings())
    await pay(shop, sessions['open'] ?? '', { outcome: 'pay', ...PERSON })
    await sell('younger')
    const before = await run(verify, [ledger], settings())
    expect(before.code).toBe(1)
    expect(before.said).toContain(`Stripe says of ${orders['open']} what the store does not: it is paid.`)
    expect(before.said).toContain(
      `Stripe has a payment for ${orders['younger']} (${sessions['younger']}), which the store does not have.`,
    )
    const { code, said } = await run(rebuild, [ledger], settings())
    expect(code).toBe(0)
    expect(said).toContain(`${orders['younger']} (${sessions['younger']}) is younger than the ledger, and paid`)
    const store = await open(settings())
    expect(await store.order(orders['open'] as OrderId)).toMatchObject({ paid: { amount: expect.any(Number) } })
    expect(await store.customer(orders['open'] as OrderId)).toMatchObject(PERSON)
    expect(await store.job(`receipt:${orders['open']}`)).toBeDefined()
    const { orders: known } = await store.counts()
    await takeIn({ ...shop.parts, store }, null) // as the shop does when it starts
    expect((await store.counts()).orders).toBe(known + 1)
    await store.close()
    expect((await run(verify, [], settings())).said).toMatch(/with Stripe: no difference/)
  })

  test('is not in the ledger yet, which is said once it is late', async () => {
    const soon = await run(verify, [ledger], settings())
    expect(soon.said).not.toContain('not in the ledger')
    shop.clock.aheadSeconds += 3600
    expect((await run(verify, [ledger], settings())).said).toContain(
      'of the store are not in the ledger, though they are older',
    )
  })

  test('a store that went its own way is not filled from the ledger', async () => {
    const other = elsewhere('own way')
    const store = await open(other)
    await store.transact({ order: 'ord_other' as OrderId }, () => ({ events: [placed('ord_other' as OrderId)] }))
    await store.close()
    expect(await run(rebuild, [ledger], other)).toMatchObject({
      code: 1,
      said: expect.stringContaining('Name an empty one'),
    })
    expect((await run(verify, [ledger], other)).said).toContain(
      `${orders['paid']} is in the ledger, and not in the store.`,
    )
  })
})

test.each([
  [rebuild, []],
  [rebuild, ['a', 'b']],
  [verify, ['a', 'b']],
  [verify, ['--days', 'many']],
  [verify, ['--quick']],
])('a command that is none', async (command, args) => {
  expect((await run(command, args, {})).code).toBe(2)
})
