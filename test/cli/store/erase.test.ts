import { describe, expect, it } from 'vitest'
import { openStoreReader } from '../../../app/store/open.ts'
import { sql } from '../../../app/store/sql.ts'
import { orderNumber, placed, sell } from '../../store/sale.ts'
import { ENGINES, engines, holds, openAt, run } from './stores.ts'

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
    notes: [{ at: '2026-03-01T09:00:00.000Z', by: 'ada', text: 'Foxglove gate' }],
    tracking: [{ shipment: 'shp_1', number: 'PARCEL778', url: null }],
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
    const readable = ['Zebulon', 'zebulon@example.org', 'Larkspur', 'Oldport', 'Foxglove', 'PARCEL778']
    if (engine === 'SQLite') for (const text of readable) expect(await holds(where, text), text).toBe(false)
    const { code, out, error } = await run(where, 'erase zebulon@example.ORG')
    expect([code, error]).toEqual([0, ''])
    expect(out).toMatch(/^2 orders of theirs have no buyer any more: /)
    expect(out.toLowerCase()).not.toContain('zebulon')
    const store = await openAt(where)
    expect(await store.customer(mine)).toBeUndefined()
    expect(await store.customer(someone)).toMatchObject({ email: 'other@example.org' })
    for (const text of ['zebulon', 'parcel778'])
      expect((await store.orders({ text })).orders.map(({ id }) => id)).toEqual([someone])
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
