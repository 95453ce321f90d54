import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobDueAt } from '../../app/job/job.ts'
import type { Fact } from '../../app/order/event.ts'
import { checkStore } from '../../app/store/check.ts'
import { openStore, openStoreReader, type StoreSettings } from '../../app/store/open.ts'
import type { ClaimedJob, Store } from '../../app/store/store.ts'
import { newDatabase } from '../support/database.ts'
import { customerOf, head, orderNumber, placed } from './sale.ts'

// The same history, whatever it is, leaves the same store in SQLite and in PostgreSQL, and tells the same on the way.

const HISTORIES = 12
const STEPS_MAX = 40
const ORDERS = 4
const EVENING = '2030-01-01T00:00:00.000Z'

type Act = { name: string; act: (store: Store, held: Map<string, ClaimedJob>) => Promise<unknown> }

/** What can be recorded about an order, whatever came before: the store keeps it. */
const FACTS: Fact[] = [
  { type: 'order.checkout_opened', checkout: 'cs_1' },
  { type: 'order.paid', payment: 'pi_1', amount: 1200, shipping: 300, currency: 'eur' },
  { type: 'order.canceled', reason: 'expired' },
  { type: 'order.refunded', refund: 're_1', amount: 1200, refundedAt: head.at },
  { type: 'order.shipped', shipment: 'sh_1', lines: ['line-1'] },
  { type: 'order.stalled', reason: 'gave-up', detail: 'tried for three days' },
]

const order = fc.integer({ min: 1, max: ORDERS }).map(orderNumber)
const job = fc.record({ id: fc.constantFrom('a', 'b', 'c'), minute: fc.integer({ min: 0, max: 59 }) })
const dueAt = (minute: number) => `2026-03-01T09:${String(minute).padStart(2, '0')}:00.000Z`
const work = { kind: 'fulfill' as const, order: orderNumber(1) }
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    () => 'refused',
  )

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(order, fc.constantFrom('pin', 'poster'), fc.integer({ min: 1, max: 5 })).map(([id, price, quantity]) => ({
    name: `place ${id}`,
    act: (store: Store) =>
      store.transact({ order: id, prices: ['pin'] }, ({ order: known, reserved }) => {
        return known || (reserved.get('pin') ?? 0) > 8 ? { events: [] } : { events: [placed(id, price, quantity)] }
      }),
  })),
  fc.tuple(order, fc.constantFrom(...FACTS)).map(([id, fact]) => ({
    name: `${fact.type} ${id}`,
    act: (store: Store) =>
      outcome(store.transact({ order: id }, () => ({ events: [{ ...head, ...fact, order: id } as never] }))),
  })),
  fc.tuple(order, fc.constantFrom('ada', 'grace')).map(([id, name]) => ({
    name: `customer of ${id}`,
    act: (store: Store) =>
      outcome(
        store.transact({ order: id }, () => ({ customer: { ...customerOf(id), email: `${name}@example.org`, name } })),
      ),
  })),
  fc.constantFrom('1', '2', '3').map((n) => ({
    name: `deliver ${n}`,
    act: (store: Store) =>
      store.transact({ delivery: `stripe:evt_${n}` }, ({ delivered }) =>
        delivered ? {} : { delivery: { id: `stripe:evt_${n}`, type: 'test', receivedAt: dueAt(Number(n)) } },
      ),
  })),
  job.map(({ id, minute }) => ({
    name: `keep job ${id}`,
    act: (store: Store) => store.transact({}, () => ({ jobs: [jobDueAt(dueAt(minute), work, id)] })),
  })),
  fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 600 })).map(([minute, lease]) => ({
    name: `claim at ${minute}`,
    async act(store: Store, held: Map<string, ClaimedJob>) {
      const claimed = await store.claimJobs(new Date(dueAt(minute)), 1, lease, 'github')
      for (const one of claimed) held.set(one.id, one)
      return claimed.map(({ revision: _, ...rest }) => rest)
    },
  })),
  job.map(({ id, minute }) => ({
    name: `settle ${id}`,
    async act(store: Store, held: Map<string, ClaimedJob>) {
      const { revision = 1 } = held.get(id) ?? {}
      const next = minute % 2 ? { next: jobDueAt(dueAt(minute), work, id) } : {}
      await store.transact({}, () => ({ settled: [{ id, revision, ...next }] }))
    },
  })),
  job.map(({ id, minute }) => ({
    name: `defer ${id}`,
    async act(store: Store, held: Map<string, ClaimedJob>) {
      const claimed = held.get(id)
      if (claimed) await store.defer(claimed, new Date(dueAt(minute)))
    },
  })),
  fc.constant({
    name: 'close the shop',
    act: (store: Store) =>
      store.transact({ shop: true }, ({ shop }) => ({
        shop: shop.closed
          ? []
          : [{ type: 'shop.closed' as const, repository: 'tern/shop', at: head.at, reason: 'suspended' as const }],
      })),
  }),
)

test('any history is the same in both, and what is kept is what the facts tell', { timeout: 120_000 }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'tagsale-same-'))
  let count = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ act, restart: fc.nat(9) }), { minLength: 5, maxLength: STEPS_MAX }),
      async (history) => {
        const base = { DATA_FOLDER: join(root, String(count++)), STORE_KEY: 'k'.repeat(32) }
        const [one, other] = await Promise.all([
          tellOf({ ...base, DATABASE_URL: undefined }, history),
          tellOf({ ...base, DATA_FOLDER: `${base.DATA_FOLDER}-none`, DATABASE_URL: await newDatabase() }, history),
        ])
        expect(one).toEqual(other)
      },
    ),
    { numRuns: HISTORIES },
  )
  await rm(root, { recursive: true })
})

/** Lives through the history, with a restart where one is rolled; all that was answered, and all that is there in the end. */
async function tellOf(settings: StoreSettings, history: readonly { act: Act; restart: number }[]) {
  const log = { warn: () => {} }
  const onFailure = (error: Error) => {
    throw error
  }
  let store = await openStore(settings, { log, onFailure })
  const held = new Map<string, ClaimedJob>()
  const told: unknown[] = []
  for (const { act, restart } of history) {
    told.push([act.name, await act.act(store, held), await store.nextDueAt('github')])
    if (restart > 0) continue
    await store.close()
    store = await openStore(settings, { log, onFailure })
  }
  const orders = Array.from({ length: ORDERS }, (_, n) => orderNumber(n + 1))
  const end = {
    orders: await Promise.all(
      orders.map(async (id) => [await store.order(id), await store.events(id), await store.customer(id)]),
    ),
    lists: await Promise.all(
      [{}, { status: 'PAID' as const }, { price: 'pin' }, { text: 'ada' }].map((filter) => store.orders(filter)),
    ),
    counts: await store.counts(),
    last: await store.lastDeliveries(),
    shop: [await store.shop(), await store.shopEvents()],
    jobs: await Promise.all(['a', 'b', 'c'].map((id) => store.job(id))),
    due: (await store.claimJobs(new Date(EVENING), 10, 60, 'github')).map(({ revision: _, ...rest }) => rest),
  }
  await store.close()
  const reader = await openStoreReader(settings)
  const { problems } = await checkStore(reader)
  await reader.close()
  expect(problems).toEqual([])
  return { told, end }
}
