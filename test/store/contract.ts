import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Job, jobDueAt } from '../../app/job/job.ts'
import type { Queue } from '../../app/job/queue.ts'
import type { OrderId } from '../../app/order/id.ts'
import type { ShopEvent } from '../../app/shop/event.ts'
import type { Before, ClaimedJob, OrderFilter, Store } from '../../app/store/store.ts'
import { eventually } from '../support/sandbox.ts'
import { describeAccess } from './access.ts'
import { describeFacts } from './facts.ts'
import { describeFigures } from './figures.ts'
import { canceled, customerOf, head, numberOf, orderNumber, paid, placed, sell, wholeSale } from './sale.ts'

/** A store with nothing in it; `reopen` closes it and opens it again, as a restart would. */
export type OpenedStore = { store: Store; reopen(): Promise<Store> }

const at = (time: string) => new Date(`2026-03-01T${time}Z`)
const due = (id: string, time: string): Job =>
  jobDueAt(at(time).toISOString(), { kind: 'fulfill', order: orderNumber(1) }, id)
/** Where `due` jobs wait. */
const QUEUE = 'github'
const times = <Value>(count: number, make: (index: number) => Value) => Array.from({ length: count }, (_, n) => make(n))
/** A step that writes nothing, and tells what it saw. */
const look = (before: Before) => ({ events: [], before })
const settledOf = (job: ClaimedJob | undefined) => ({ id: job?.id ?? '', revision: job?.revision ?? 0 })
const ids = (jobs: readonly Job[]) => jobs.map((job) => job.id)

/** What every engine must do. */
export function describeStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    const now = {} as { opened: OpenedStore; store: Store; reopen: () => Promise<void> }
    beforeEach(async () => {
      now.opened = await open()
      now.store = now.opened.store
      now.reopen = async () => {
        now.store = await now.opened.reopen()
      }
    })
    afterEach(() => now.store.close())

    describe('a transaction', () => describeTransactions(now))
    describe('orders', () => describeOrders(now))
    describe('lists of orders', () => describeLists(now))
    describe('figures', () => describeFigures(now))
    describe('a buyer who is erased', () => describeErasing(now))
    describe('an order that nobody paid', () => describeForgetting(now))
    describe('facts', () => describeFacts(now))
    describe('who is at the desk', () => describeAccess(now))
    describe('jobs', () => describeJobs(now))
    describe('the next due job', () => describeNextDue(now))
    describe('the shop', () => describeShop(now))
    describe('who watches it', () => describeWatching(now))
    describe('what it hands out', () => describeHandedOut(now))
    describe('its limits', () => describeLimits(now))
  })
}

type Now = { readonly store: Store; reopen: () => Promise<void> }

function describeTransactions(now: Now): void {
  const order = orderNumber(1)

  it('keeps all of a change, over a restart too', async () => {
    await sell(now.store, order)
    const kept = await everythingAbout(now.store, order)
    expect(kept.order).toMatchObject({ id: order, version: 2, payment: { state: 'paid' } })
    expect(kept.events).toEqual([placed(order), paid(order)])
    expect(kept.customer).toEqual(customerOf(order))
    expect(kept.jobs).toHaveLength(3)
    expect(kept.counts).toEqual({ orders: 1, jobsWaiting: 3, deliveries: 1 })
    const dueAt = kept.jobs.map((job) => Date.parse(job?.dueAt ?? ''))
    const waiting = (at: number) => now.store.jobsWaiting(new Date(at))
    expect(await waiting(Math.max(...dueAt))).toEqual({ due: 3, later: 0, stuck: 0 })
    expect(await waiting(Math.min(...dueAt) - 1)).toEqual({ due: 0, later: 3, stuck: 0 })
    await now.reopen()
    expect(await everythingAbout(now.store, order)).toEqual(kept)
  })

  it('gives back what the step returned', async () => {
    const result = await now.store.transact({ order }, () => ({ events: [placed(order)], greeting: 'thanks' }))
    expect(result).toEqual({ events: [placed(order)], greeting: 'thanks' })
  })

  it('shows a step how things stand', async () => {
    const scope = { order, prices: ['pin', 'poster'], delivery: 'stripe:evt_1', shop: true } as const
    const first = await now.store.transact(scope, look)
    expect(first.before).toEqual({
      order: undefined,
      shop: { approved: {}, changed: {} },
      reserved: new Map(Object.entries({ pin: 0, poster: 0 })),
      delivered: false,
    })
    const delivery = { id: 'stripe:evt_1', type: 'test', receivedAt: at('09:00').toISOString() }
    await now.store.transact(scope, () => ({ delivery, events: [placed(order, 'pin', 3)] }))
    const second = await now.store.transact(scope, look)
    expect(second.before).toMatchObject({ order: { id: order, version: 1 }, delivered: true })
    expect(second.before.reserved).toEqual(new Map(Object.entries({ pin: 3, poster: 0 })))
  })

  it('leaves nothing when its step throws', async () => {
    const refused = now.store.transact({ order }, () => {
      throw new Error('sold out')
    })
    await expect(refused).rejects.toThrow('sold out')
    expect((await everythingAbout(now.store, order)).counts).toEqual({ orders: 0, jobsWaiting: 0, deliveries: 0 })
  })

  it.each([
    ['a fact on an order that was never placed', { ...wholeSale(order), events: [paid(order)] }],
    ['a fact that is none', { ...wholeSale(order), events: [placed(order), { ...paid(order), amount: -1 }] }],
  ])('leaves nothing of a change with %s', async (_, change) => {
    await sell(now.store, orderNumber(2))
    await expect(now.store.transact({ order, delivery: change.delivery.id }, () => change)).rejects.toThrow()
    for (const reopen of [async () => {}, now.reopen]) {
      await reopen()
      const kept = await everythingAbout(now.store, order)
      expect(kept).toMatchObject({ order: undefined, events: [], customer: undefined })
      expect(kept.counts).toEqual({ orders: 1, jobsWaiting: 3, deliveries: 1 })
    }
  })

  it('lets one of many equal knocks through', async () => {
    const knock = { id: 'stripe:evt_1', type: 'test', receivedAt: at('09:00').toISOString() }
    const answers = await Promise.all(
      times(20, () =>
        now.store.transact({ delivery: knock.id }, ({ delivered }) => ({
          ...(delivered ? {} : { delivery: knock, jobs: [due('look', '09:00')] }),
          repeated: delivered,
        })),
      ),
    )
    expect(answers.filter((answer) => !answer.repeated)).toHaveLength(1)
    expect(await now.store.counts()).toEqual({ orders: 0, jobsWaiting: 1, deliveries: 1 })
  })

  it('remembers when each party last knocked, over a restart too', async () => {
    expect(await now.store.lastDeliveries()).toEqual({})
    const knock = (id: string, time: string) =>
      now.store.transact({ delivery: id }, () => ({
        delivery: { id, type: 'test', receivedAt: at(time).toISOString() },
      }))
    await knock('stripe:evt_1', '09:00')
    await knock('github:a', '09:01')
    await knock('stripe:evt_2', '09:02')
    const last = { stripe: at('09:02').toISOString(), github: at('09:01').toISOString() }
    expect(await now.store.lastDeliveries()).toEqual(last)
    await now.reopen()
    expect(await now.store.lastDeliveries()).toEqual(last)
  })

  it('is forgotten when nobody repeats it any more: GitHub’s after a week, Stripe’s after a month', async () => {
    const knock = (source: string, day: number) => {
      const delivery = {
        id: `${source}:${day}`,
        type: 'test',
        receivedAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
      }
      return now.store.transact({ delivery: delivery.id }, ({ delivered }) => ({
        delivered,
        ...(!delivered && { delivery }),
      }))
    }
    const left = async () => (await now.store.counts()).deliveries
    for (const source of ['github', 'stripe']) for (const day of [1, 2, 3]) await knock(source, day)
    await knock('github', 8)
    expect(await left()).toBe(7)
    await knock('github', 10)
    expect([await left(), (await knock('github', 3)).delivered]).toEqual([6, true])
    await knock('stripe', 33)
    expect([await left(), (await knock('stripe', 2)).delivered]).toEqual([6, true])
  })

  it('is refused once the store is closed', async () => {
    await now.store.close()
    await expect(now.store.transact({}, () => ({}))).rejects.toThrow('closed')
    await expect(now.store.order(order)).rejects.toThrow('closed')
  })

  it('is finished before the store closes', async () => {
    const sales = times(20, (n) => sell(now.store, orderNumber(n)))
    await now.reopen()
    await Promise.all(sales)
    expect((await now.store.counts()).orders).toBe(20)
  })
}

function describeOrders(now: Now): void {
  const STOCK = 10
  const buy = (order: OrderId, quantity = 1) =>
    now.store.transact({ order, prices: ['pin'] }, ({ reserved }) => {
      if ((reserved.get('pin') ?? 0) + quantity > STOCK) throw new Error('sold out')
      return { events: [placed(order, 'pin', quantity)] }
    })
  const takenPins = async () => {
    const { before } = await now.store.transact({ prices: ['pin'] }, look)
    return before.reserved.get('pin')
  }

  it('are never more than the shelf holds, however many buy at once', async () => {
    const sales = await Promise.allSettled(times(60, (n) => buy(orderNumber(n))))
    expect(sales.filter((sale) => sale.status === 'fulfilled')).toHaveLength(STOCK)
    expect(await takenPins()).toBe(STOCK)
    await now.reopen()
    expect(await takenPins()).toBe(STOCK)
    await expect(buy(orderNumber(99))).rejects.toThrow('sold out')
  })

  it('give back what they held when they are given up, and keep it when they are paid', async () => {
    const [first, second] = [orderNumber(1), orderNumber(2)]
    await buy(first, 6)
    await buy(second, 4)
    await now.store.transact({ order: first }, () => ({ events: [canceled(first)] }))
    await now.store.transact({ order: second }, () => ({ events: [paid(second)] }))
    expect(await takenPins()).toBe(4)
    await buy(orderNumber(3), 6)
    await now.reopen()
    expect(await takenPins()).toBe(10)
  })

  it('keep their facts in the order they were recorded', async () => {
    const order = orderNumber(1)
    await now.store.transact({ order }, () => ({ events: [placed(order)] }))
    const open = (before: Before) => ({
      events: [{ ...head, type: 'order.checkout_opened' as const, order, checkout: `after ${before.order?.version}` }],
    })
    await Promise.all(times(20, () => now.store.transact({ order }, open)))
    await now.reopen()
    const [, ...later] = await now.store.events(order)
    expect(later.map((event) => 'checkout' in event && event.checkout)).toEqual(times(20, (n) => `after ${n + 1}`))
    expect((await now.store.order(order))?.version).toBe(21)
  })

  it('keep customers apart from the facts, and from each other', async () => {
    const [first, second] = [orderNumber(1), orderNumber(2)]
    for (const order of [first, second]) await sell(now.store, order)
    const moved = { ...customerOf(first), email: 'ada@example.com' }
    await now.store.transact({ order: first }, () => ({ customer: moved }))
    await now.reopen()
    expect(await now.store.customer(first)).toEqual(moved)
    expect(await now.store.customer(second)).toEqual(customerOf(second))
    expect(JSON.stringify([await now.store.order(first), await now.store.events(first)])).not.toContain('ada')
  })

  it('that nobody placed are nothing', async () => {
    expect(await everythingAbout(now.store, orderNumber(1))).toMatchObject({ order: undefined, events: [] })
  })
}

function describeLists(now: Now): void {
  const orderAt = (n: number, minute: number, price = 'pin') => {
    const id = orderNumber(n)
    const time = at(`10:${String(minute).padStart(2, '0')}:00`).toISOString()
    return now.store.transact({ order: id }, () => ({ events: [{ ...placed(id, price), at: time }] }))
  }
  const listed = async (filter: OrderFilter, after?: string) => {
    const page = await now.store.orders(filter, after)
    return { numbers: page.orders.map(({ id }) => numberOf(id)), next: page.next }
  }

  it('are newest first, page by page, with none missing and none twice', async () => {
    await Promise.all(times(120, (n) => orderAt(n, Math.floor(n / 7)))) // several are placed in the same moment
    const seen: number[] = []
    let next: string | undefined
    const pages: number[] = []
    do {
      const page = await listed({}, next)
      seen.push(...page.numbers)
      pages.push(page.numbers.length)
      next = page.next
    } while (next)
    expect(pages).toEqual([50, 50, 20])
    expect(seen).toEqual(times(120, (n) => 119 - n))
  })

  it('hold those to which all that is asked for applies', async () => {
    for (const n of [1, 2, 3, 4]) await orderAt(n, n, n % 2 ? 'pin' : 'poster')
    for (const n of [1, 2])
      await now.store.transact({ order: orderNumber(n) }, () => ({ events: [paid(orderNumber(n))] }))
    await now.store.transact({ order: orderNumber(3) }, () => ({ events: [canceled(orderNumber(3))] }))
    const expected: [OrderFilter, number[]][] = [
      [{}, [4, 3, 2, 1]],
      [{ status: 'PAID' }, [2, 1]],
      [{ status: 'PENDING' }, [4]],
      [{ status: 'CANCELED' }, [3]],
      [{ status: 'REFUNDED' }, []],
      [{ price: 'poster' }, [4, 2]],
      [{ price: 'pin', status: 'PAID' }, [1]],
      [{ fulfillment: 'unfulfilled', status: 'PAID', price: 'poster' }, [2]],
      [{ since: at('10:02:00').toISOString() }, [4, 3, 2]],
      [{ until: at('10:02:00').toISOString() }, [1]],
      [{ since: at('10:02:00').toISOString(), until: at('10:04:00').toISOString(), price: 'poster' }, [2]],
      [{ text: orderNumber(3) }, [3]],
      [{ text: orderNumber(3).slice(0, -1) }, [4, 3, 2, 1]],
      [{ text: 'ord_' }, []],
      [{ text: orderNumber(1), status: 'PENDING' }, []],
      [{ text: orderNumber(3).slice(0, -1), status: 'PAID' }, [2, 1]],
      [{ text: orderNumber(3).slice(0, -1), price: 'poster', since: at('10:03:00').toISOString() }, [4]],
    ]
    for (const [filter, numbers] of expected) {
      expect((await listed(filter)).numbers.toSorted(), JSON.stringify(filter)).toEqual(numbers.toSorted())
    }
  })

  it('are asked for in values alone: no object from outside is taken for SQL', async () => {
    await orderAt(1, 1)
    const status = JSON.parse(`{ "sql": "'PAID' or true", "values": [] }`)
    await expect(listed({ status })).rejects.toThrow('Neither a value nor a part of a statement can stand here.')
  })

  it('are found by who bought, as the words are written now or were before', async () => {
    for (const n of [1, 2]) await sell(now.store, orderNumber(n))
    const moved = { ...customerOf(orderNumber(2)), email: 'Grace@Example.com', name: 'Grace Brewster Hopper' }
    await now.store.transact({ order: orderNumber(2) }, () => ({ customer: moved }))
    const found = async (text: string) => (await listed({ text })).numbers
    expect(await found('ADA@example.org')).toEqual([2, 1])
    expect(await found('grace@example.com')).toEqual([2])
    expect(await found('hopper grace')).toEqual([2])
    expect(await found('hopper nobody')).toEqual([])
    await now.reopen()
    expect(await found('Hopper')).toEqual([2])
  })
}

function describeErasing(now: Now): void {
  const [order, other] = [orderNumber(1), orderNumber(2)]
  const found = async (text: string) => (await now.store.orders({ text })).orders.map(({ id }) => id)
  beforeEach(async () => {
    for (const each of [order, other]) await sell(now.store, each)
  })

  it('is in no table any more, and the order is as it was, over a restart too', async () => {
    const before = await everythingAbout(now.store, order)
    expect(await now.store.erase([order])).toEqual([order])
    for (const reopen of [async () => {}, now.reopen]) {
      await reopen()
      expect(await now.store.customer(order)).toBeUndefined()
      expect(await found('ada@example.org')).toEqual([other])
      expect(await found('Ada')).toEqual([other])
      expect(await now.store.job(`receipt:${order}`)).toBeUndefined()
      expect(await now.store.order(order)).toEqual(before.order)
      expect(await now.store.events(order)).toEqual(before.events)
      expect(await now.store.counts()).toEqual({ ...before.counts, jobsWaiting: before.counts.jobsWaiting - 1 })
      expect(await now.store.customer(other)).toEqual(customerOf(other))
      expect((await now.store.orders({ price: 'pin' })).orders).toHaveLength(2)
    }
  })

  it('is not kept again when Stripe tells of them once more', async () => {
    await now.store.erase([order])
    const refund = { ...head, type: 'order.refunded' as const, order, refund: 're_1', amount: 1, refundedAt: head.at }
    await now.store.transact({ order }, () => ({ events: [refund], customer: customerOf(order) }))
    expect((await now.store.order(order))?.version).toBe(3)
    expect(await now.store.customer(order)).toBeUndefined()
    expect(await found('ada@example.org')).toEqual([other])
  })

  it('may be erased twice, or never have been here', async () => {
    expect(await now.store.erase([order, other])).toEqual([order, other])
    expect(await now.store.erase([order])).toEqual([order])
    expect(await now.store.erase([orderNumber(3)])).toEqual([])
    expect(await now.store.erase([])).toEqual([])
    expect((await now.store.counts()).orders).toBe(2)
  })

  it('stays erased, whoever writes at the same time', async () => {
    const writes = times(20, () => now.store.transact({ order }, () => ({ customer: customerOf(order) })))
    await Promise.all([...writes.slice(0, 10), now.store.erase([order]), ...writes.slice(10)])
    expect(await now.store.customer(order)).toBeUndefined()
    expect(await found('ada@example.org')).toEqual([other])
  })
}

function describeForgetting(now: Now): void {
  const [unpaid, sold, open] = [orderNumber(1), orderNumber(2), orderNumber(3)]
  const place = (order: OrderId) => now.store.transact({ order }, () => ({ events: [placed(order)] }))
  const cancel = (order: OrderId) => now.store.transact({ order }, () => ({ events: [canceled(order)] }))
  beforeEach(async () => {
    for (const order of [unpaid, open]) await place(order)
    await cancel(unpaid)
    await sell(now.store, sold)
  })

  it('is gone with all that was written about it, over a restart too, and no other is', async () => {
    const kept = [await everythingAbout(now.store, sold), await everythingAbout(now.store, open)]
    const counts = { ...kept[0]?.counts, orders: 2 }
    expect(await now.store.forget([unpaid, sold, open, orderNumber(9)])).toEqual([unpaid])
    for (const reopen of [async () => {}, now.reopen]) {
      await reopen()
      expect(await now.store.order(unpaid)).toBeUndefined()
      expect(await now.store.events(unpaid)).toEqual([])
      expect((await now.store.orders({ price: 'pin' })).orders.map(({ id }) => id)).toEqual([open, sold])
      expect((await now.store.orders({ status: 'CANCELED' })).orders).toEqual([])
      expect(await everythingAbout(now.store, sold)).toEqual({ ...kept[0], counts })
      expect(await everythingAbout(now.store, open)).toEqual({ ...kept[1], counts })
      expect((await now.store.facts(0, 10, new Date())).map(({ subject }) => subject)).toEqual([open, sold, sold])
    }
  })

  it('may be forgotten twice, or begin anew', async () => {
    expect(await now.store.forget([unpaid])).toEqual([unpaid])
    expect(await now.store.forget([unpaid])).toEqual([])
    expect(await now.store.forget([])).toEqual([])
    await place(unpaid)
    expect((await now.store.order(unpaid))?.version).toBe(1)
  })

  it('stays when it is paid at the same time', async () => {
    const [, forgotten] = await Promise.all([
      now.store.transact({ order: unpaid }, ({ order }) => (order ? { events: [paid(unpaid)] } : {})),
      now.store.forget([unpaid]),
    ])
    expect((await now.store.order(unpaid))?.paid !== undefined).toBe(forgotten.length === 0)
  })
}

function describeJobs(now: Now): void {
  const keep = (...jobs: Job[]) => now.store.transact({}, () => ({ jobs }))
  const claim = (time: string, most = 10) => now.store.claimJobs(at(time), most, 60, QUEUE)

  it('are had at once, recalled, whoever has them and whenever they were due', async () => {
    await now.store.transact({}, () => ({ jobs: [due('a', '09:00'), due('b', '23:00'), due('c', '10:00')] }))
    const [held] = await claim('09:00', 1)
    await now.store.defer(held as ClaimedJob, at('22:00'))
    expect(ids(await claim('10:00', 1))).toEqual(['c'])
    const told: unknown[] = []
    const unwatch = now.store.watch((written) => told.push(written))
    expect(await now.store.recallJobs(at('10:02'), at('10:00'))).toBe(2)
    expect(ids(await claim('10:00')).toSorted()).toEqual(['a', 'b'])
    expect(await now.store.recallJobs(at('10:02'), at('10:00'))).toBe(0)
    await eventually(
      async () => told.length,
      (length) => length > 0,
    )
    unwatch()
  })
  it('are claimed when they are due, oldest first, no more than asked for', async () => {
    await keep(due('third', '09:03'), due('first', '09:01'), due('later', '09:30'), due('second', '09:02'))
    expect(ids(await claim('09:10', 2))).toEqual(['first', 'second'])
    expect(ids(await claim('09:10'))).toEqual(['third'])
    expect(ids(await claim('09:10'))).toEqual([])
    expect(await now.store.job('later')).toMatchObject(due('later', '09:30'))
  })

  it('are claimed by queue', async () => {
    const mail: Job = { ...due('mail', '09:00'), work: { kind: 'mail', mail: 'receipt', order: orderNumber(1) } }
    await keep(due('job', '09:00'), mail)
    expect(ids(await now.store.claimJobs(at('09:00'), 10, 60, 'mail'))).toEqual(['mail'])
    expect(ids(await claim('09:00'))).toEqual(['job'])
  })

  it('are claimed by one of many', async () => {
    await keep(...times(30, (n) => due(`job-${n}`, '09:00')))
    const claimed = (await Promise.all(times(20, () => claim('09:00', 4)))).flat()
    expect(new Set(ids(claimed)).size).toBe(30)
    expect(claimed).toHaveLength(30)
  })

  it('come again when their lease is over, and not before', async () => {
    await keep(due('job', '09:00'))
    expect(ids(await claim('09:00:00'))).toEqual(['job'])
    expect(ids(await claim('09:00:59'))).toEqual([])
    expect(ids(await claim('09:01:00'))).toEqual(['job'])
  })

  it('come again after a restart, lease or not', async () => {
    await keep(due('job', '09:00'))
    await claim('09:00')
    await now.reopen()
    expect(ids(await claim('09:00'))).toEqual(['job'])
  })

  it('written again take their place, once nobody is at work on them', async () => {
    await keep(due('job', '09:00'))
    const [job] = await claim('09:00:00')
    const anew = due('job', '09:00:05')
    await keep(anew)
    expect(ids(await claim('09:00:10'))).toEqual([])
    await now.store.transact({}, () => ({ settled: [settledOf(job)] }))
    expect(ids(await claim('09:00:04'))).toEqual([])
    expect(await claim('09:00:05')).toEqual([{ ...anew, revision: expect.any(Number) }])
    expect((await now.store.counts()).jobsWaiting).toBe(1)
  })

  it('are stuck where they failed again and again, whenever they are tried next', async () => {
    await keep({ ...due('job', '09:00'), attempts: 4 }, { ...due('other', '09:00'), attempts: 3 })
    const waiting = (time: string) => now.store.jobsWaiting(new Date(`2026-03-01T${time}Z`))
    expect(await waiting('08:59:00')).toEqual({ due: 0, later: 1, stuck: 1 })
    expect(await waiting('09:00:00')).toEqual({ due: 1, later: 0, stuck: 1 })
  })

  it('written again while at work outlive its end, its next try, and a restart', async () => {
    for (const next of [undefined, due('job', '10:00')]) {
      await keep(due('job', '09:00'))
      const [job] = await claim('09:00')
      const anew = { ...due('job', '09:00'), work: { kind: 'fulfill' as const, order: orderNumber(2) } }
      await keep(anew)
      await now.store.transact({}, () => ({ settled: [{ ...settledOf(job), ...(next && { next }) }] }))
      await now.reopen()
      const [left] = await claim('09:00')
      expect(left).toMatchObject(anew)
      await now.store.transact({}, () => ({ settled: [settledOf(left)] }))
      await now.reopen()
      expect(await now.store.job('job')).toBeUndefined()
    }
  })

  it('come again as what they became', async () => {
    await keep(due('job', '09:00'))
    const [job] = await claim('09:00')
    await now.store.transact({}, () => ({ settled: [{ ...settledOf(job), next: due('job', '09:05') }] }))
    expect(ids(await claim('09:04'))).toEqual([])
    expect(ids(await claim('09:05'))).toEqual(['job'])
  })

  it('say when the next of a kind can be claimed, and be kept from everybody until then', async () => {
    const { store } = now
    expect(await store.nextDueAt(QUEUE)).toBeUndefined()
    await store.transact({}, () => ({ jobs: [due('b', '11:00:00'), due('a', '10:00:00')] }))
    expect(await store.nextDueAt(QUEUE)).toBe(at('10:00:00').toISOString())
    expect(await store.nextDueAt('mail')).toBeUndefined()
    const [a] = (await store.claimJobs(at('10:00:00'), 1, 60, QUEUE)) as [ClaimedJob]
    expect(await store.nextDueAt(QUEUE)).toBe(at('10:01:00').toISOString())
    await store.defer(a, at('10:30:00'))
    expect(await store.nextDueAt(QUEUE)).toBe(at('10:30:00').toISOString())
    expect(await store.claimJobs(at('10:29:59'), 1, 60, QUEUE)).toEqual([])
    expect(ids(await store.claimJobs(at('10:30:00'), 1, 60, QUEUE))).toEqual(['a'])
    await now.reopen()
    expect(ids(await now.store.claimJobs(at('10:00:00'), 1, 60, QUEUE))).toEqual(['a'])
  })

  it('that are done are gone', async () => {
    await keep(due('job', '09:00'), due('other', '09:00'))
    const [job] = await claim('09:00', 1)
    await now.store.transact({}, () => ({ settled: [settledOf(job), { id: 'never-known', revision: 1 }] }))
    for (const reopen of [async () => {}, now.reopen]) {
      await reopen()
      expect(await now.store.job('job')).toBeUndefined()
      expect(ids(await claim('09:00'))).toEqual(['other'])
      await now.reopen()
    }
  })
}

function describeNextDue(now: Now): void {
  const keep = (...jobs: Job[]) => now.store.transact({}, () => ({ jobs }))
  const next = () => now.store.nextDueAt(QUEUE)
  const iso = (time: string) => at(time).toISOString()

  it('is the earliest of these kinds, over a restart too', async () => {
    expect(await next()).toBeUndefined()
    await keep(due('later', '09:30'), due('first', '09:01'))
    expect(await now.store.nextDueAt('mail')).toBeUndefined()
    expect(await next()).toBe(iso('09:01'))
    await now.reopen()
    expect(await next()).toBe(iso('09:01'))
  })

  it('is not one that somebody is at work on before its lease is over, or it is settled', async () => {
    await keep(due('job', '09:00'))
    const [job] = await now.store.claimJobs(at('09:10'), 1, 60, QUEUE)
    expect(await next()).toBe(iso('09:11'))
    await keep(due('job', '09:12'), due('other', '09:20'))
    expect(await next()).toBe(iso('09:12'))
    await keep(due('job', '09:05'))
    expect(await next()).toBe(iso('09:11'))
    await now.store.transact({}, () => ({ settled: [settledOf(job)] }))
    expect(await next()).toBe(iso('09:05'))
  })
}

function describeShop(now: Now): void {
  const fact = { repository: 'tern/shop', at: at('09:00').toISOString() }
  const updated: ShopEvent = { ...fact, type: 'shop.updated', commit: 'a'.repeat(40), tree: 'b'.repeat(40), by: 'ada' }
  const closed: ShopEvent = { ...fact, type: 'shop.closed', reason: 'suspended' }

  it('is what its facts tell, in their order, over a restart too', async () => {
    expect(await now.store.shop()).toEqual({ approved: {}, changed: {} })
    await now.store.transact({ shop: true }, () => ({ shop: [updated] }))
    const seen = await now.store.transact({ shop: true }, ({ shop }) => ({ shop: [closed], seen: shop }))
    expect(seen.seen.live).toMatchObject({ commit: 'a'.repeat(40), by: 'ada' })
    for (const reopen of [async () => {}, now.reopen]) {
      await reopen()
      expect((await now.store.shop()).closed).toEqual({ reason: 'suspended', at: fact.at })
      expect(await now.store.shopEvents()).toEqual([updated, closed])
    }
  })
}

function describeWatching(now: Now): void {
  it('is told of jobs and of facts about the shop, once they are there', async () => {
    const told: object[] = []
    const unwatch = now.store.watch((written) => void told.push(written))
    const { store } = now
    const fact: ShopEvent = { type: 'shop.chosen', repository: 'tern/shop', at: at('10:00:00').toISOString() }
    await store.transact({}, () => ({ jobs: [due('a', '10:00:00')] }))
    await store.transact({ shop: true }, () => ({ shop: [fact] }))
    await store.transact({ delivery: 'stripe:evt_9' }, () => ({
      delivery: { id: 'stripe:evt_9', type: 'x', receivedAt: fact.at },
    }))
    await store.transact({}, () => ({}))
    expect(told).toEqual([
      { jobs: ['fulfill'], shop: false },
      { jobs: [], shop: true },
      { jobs: [], shop: false },
    ])
    unwatch()
    await store.transact({ shop: true }, () => ({ shop: [fact] }))
    expect(told).toHaveLength(3)
  })

  it('is told nothing of a step that throws, and of a job that comes again only by its next time', async () => {
    await now.store.transact({}, () => ({ jobs: [due('a', '10:00:00'), due('b', '10:00:00')] }))
    const told: object[] = []
    now.store.watch((written) => void told.push(written))
    const [a, b] = await now.store.claimJobs(at('10:00:00'), 2, 60, QUEUE)
    await now.store.transact({}, () => ({ settled: [settledOf(a)] }))
    await now.store.transact({}, () => ({ settled: [{ ...settledOf(b), next: due('b', '11:00:00') }] }))
    const failing = now.store.transact({}, () => {
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(told).toEqual([
      { jobs: [], shop: false },
      { jobs: ['fulfill'], shop: false },
    ])
  })
}

function describeHandedOut(now: Now): void {
  const order = orderNumber(1)
  const vandalise = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const part of Object.values(value)) vandalise(part)
    for (const key of Object.keys(value)) Reflect.set(value, key, 'changed')
  }

  it('cannot be used to change the store', async () => {
    await sell(now.store, order)
    const untouched = structuredClone(await everythingAbout(now.store, order))
    const shown = await now.store.transact({ order, prices: ['pin'] }, look)
    vandalise([await everythingAbout(now.store, order), await now.store.events(order), shown.before.order])
    ;(shown.before.reserved as Map<string, number>).set('pin', 0)
    expect(await everythingAbout(now.store, order)).toEqual(untouched)
    const again = await now.store.transact({ prices: ['pin'] }, look)
    expect(again.before.reserved.get('pin')).toBe(1)
  })

  it('does not follow what the writer does with its own objects', async () => {
    const change = structuredClone(wholeSale(order))
    const writing = now.store.transact({ order, delivery: change.delivery.id }, () => {
      queueMicrotask(() => vandalise(change))
      return change
    })
    await writing
    expect(await now.store.events(order)).toEqual([placed(order), paid(order)])
  })
}

function describeLimits(now: Now): void {
  it('count each key by itself, and say how long to wait', async () => {
    const count = now.store.limiter({ name: 'tries', points: 2, seconds: 60 })
    const more = now.store.limiter({ name: 'other tries', points: 1, seconds: 3600 })
    expect([await count('ada'), await count('ada'), await count('bob'), await more('ada')]).toEqual([0, 0, 0, 0])
    for (const [wait, most] of [[await count('ada'), 60] as const, [await more('ada'), 3600] as const]) {
      expect(wait).toBeGreaterThan(most - 5)
      expect(wait).toBeLessThanOrEqual(most)
    }
  })

  it('begin anew when their time is over', async () => {
    const count = now.store.limiter({ name: 'tries', points: 1, seconds: 1 })
    expect([await count('ada'), await count('ada')]).toEqual([0, 1])
    await new Promise((done) => setTimeout(done, 1_100))
    expect(await count('ada')).toBe(0)
  })
}

async function everythingAbout(store: Store, order: OrderId) {
  return {
    order: await store.order(order),
    events: await store.events(order),
    customer: await store.customer(order),
    jobs: await jobsOf(store),
    counts: await store.counts(),
  }
}

async function jobsOf(store: Store): Promise<Job[]> {
  const claim = (queue: Queue) => store.claimJobs(new Date('2030-01-01T00:00:00Z'), 100, 0, queue)
  return (await Promise.all((['stripe', 'github', 'mail'] as const).map(claim))).flat()
}
