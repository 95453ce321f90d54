import { expect, it } from 'vitest'
import type { OrderEvent } from '../../app/order/event.ts'
import type { OrderId } from '../../app/order/id.ts'
import type { FiguresAsked, Store } from '../../app/store/store.ts'
import { head, orderNumber, paid, placed } from './sale.ts'

type Now = { readonly store: Store; reopen: () => Promise<void> }

const refunded = (order: OrderId, refund: string, amount: number, refundedAt: string): OrderEvent => ({
  ...{ ...head, type: 'order.refunded', order, refund, amount, refundedAt },
})
const at = (day: string, event: OrderEvent): OrderEvent => ({ ...event, at: `${day}T23:59:59.999Z` })
const keep = (store: Store, order: OrderId, ...events: OrderEvent[]) => store.transact({ order }, () => ({ events }))

/** Two pins and a poster on two days, one of them given back in part, and one in whole that the bank then refused. */
export async function sellSome(store: Store): Promise<void> {
  const [pin, pins, poster, open] = [orderNumber(1), orderNumber(2), orderNumber(3), orderNumber(4)]
  await keep(
    store,
    pin,
    placed(pin),
    at('2026-03-01', paid(pin)),
    refunded(pin, 're_1', 1200, '2026-04-02T08:00:00.000Z'),
  )
  await keep(store, pin, { ...head, type: 'order.refund_failed', order: pin, refund: 're_1' })
  await keep(store, pins, placed(pins, 'pin', 2), at('2026-03-01', paid(pins)))
  await keep(store, pins, refunded(pins, 're_2', 500, '2026-03-31T08:00:00.000Z'))
  await keep(store, poster, { ...placed(poster, 'poster'), shipTo: null } as OrderEvent)
  await keep(store, poster, at('2026-03-31', paid(poster)))
  await keep(store, open, placed(open))
}

/** What was sold in `sellSome`, as it is asked. */
export const SOLD: [string, FiguresAsked, object[]][] = [
  [
    'by day, from one to another',
    { from: '2026-03-01', to: '2026-03-31', by: 'day' },
    [
      { name: '2026-03-01', orders: 2, quantity: 3, amount: 2400, shipping: 600, refunded: 0 },
      { name: '2026-03-31', orders: 1, quantity: 1, amount: 1200, shipping: 300, refunded: 500 },
    ],
  ],
  [
    'by month',
    { from: '2026-01-01', to: '2026-12-31', by: 'month' },
    [{ name: '2026-03', orders: 3, quantity: 4, amount: 3600, shipping: 900, refunded: 500 }],
  ],
  [
    'by product',
    { from: '2026-03-01', to: '2026-04-30', by: 'product' },
    [
      { name: 'pin', orders: 2, quantity: 3, amount: 2700, shipping: 0, refunded: 0 },
      { name: 'poster', orders: 1, quantity: 1, amount: 900, shipping: 0, refunded: 0 },
    ],
  ],
  [
    'by country',
    { from: '2026-03-02', to: '2026-03-31', by: 'country' },
    [
      { name: '', orders: 1, quantity: 1, amount: 1200, shipping: 300, refunded: 0 },
      { name: 'DE', orders: 0, quantity: 0, amount: 0, shipping: 0, refunded: 500 },
    ],
  ],
]

/** What every engine must tell of what was sold. */
export function describeFigures(now: Now): void {
  it.each(SOLD)('are told %s, over a restart too', async (_, asked, figures) => {
    expect(await now.store.figures(asked)).toEqual([])
    await sellSome(now.store)
    const told = figures.map((one) => ({ ...one, currency: 'eur' }))
    expect(await now.store.figures(asked)).toEqual(told)
    await now.reopen()
    expect(await now.store.figures(asked)).toEqual(told)
  })

  it('of many sales at once count each', async () => {
    const sales = Array.from({ length: 40 }, (_, n) => orderNumber(n))
    await Promise.all(sales.map((order) => keep(now.store, order, placed(order), at('2026-03-01', paid(order)))))
    const [day] = await now.store.figures({ from: '2026-03-01', to: '2026-03-01', by: 'day' })
    expect(day).toMatchObject({ orders: 40, quantity: 40, amount: 48_000 })
  })
}
