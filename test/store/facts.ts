import { expect, it } from 'vitest'
import type { ShopEvent } from '../../app/shop/event.ts'
import type { Store } from '../../app/store/store.ts'
import { canceled, orderNumber, paid, placed, sell } from './sale.ts'

const at = (time: string) => new Date(`2026-03-01T${time}Z`)
const times = <Value>(count: number, make: (index: number) => Value) => Array.from({ length: count }, (_, n) => make(n))

/** Facts in the order of writing, as every engine must give them. */
export function describeFacts(now: { readonly store: Store; reopen: () => Promise<void> }): void {
  const updated = (): ShopEvent => ({
    type: 'shop.updated',
    repository: 'tern/shop',
    at: at('09:00').toISOString(),
    commit: 'a'.repeat(40),
    tree: 'b'.repeat(40),
    by: null,
  })
  const later = at('12:00')

  it('are read in the order they were written, a page at a time, over a restart too', async () => {
    const [first, second] = [orderNumber(1), orderNumber(2)]
    await sell(now.store, first)
    await now.store.transact({ shop: true }, () => ({ shop: [updated()] }))
    await sell(now.store, second)
    await now.store.transact({ order: first }, () => ({ events: [canceled(first)] }))
    await now.reopen()
    const all = await now.store.facts(0, 100, later)
    expect(all.map(({ subject, version, fact }) => [subject, version, fact])).toEqual([
      [first, 1, placed(first)],
      [first, 2, paid(first)],
      ['', 1, updated()],
      [second, 1, placed(second)],
      [second, 2, paid(second)],
      [first, 3, canceled(first)],
    ])
    const page = await now.store.facts(all[1]?.position ?? 0, 3, later)
    expect(page).toEqual(all.slice(2, 5))
    expect(await now.store.facts(all[5]?.position ?? 0, 3, later)).toEqual([])
  })

  it('are found by whom they are about', async () => {
    const order = orderNumber(1)
    expect(await now.store.fact(order, 1)).toBeUndefined()
    await sell(now.store, order)
    const [, second] = await now.store.facts(0, 2, later)
    expect(await now.store.fact(order, 2)).toEqual(second)
    expect(await now.store.fact('', 1)).toBeUndefined()
  })

  it('that are written meanwhile are all read, by whoever goes on after the last', async () => {
    const sales = Promise.all(times(60, (n) => sell(now.store, orderNumber(n))))
    const seen: number[] = []
    const readOn = async (time: Date) => {
      for (;;) {
        const page = await now.store.facts(seen.at(-1) ?? 0, 7, time)
        if (page.length === 0) return
        seen.push(...page.map(({ position }) => position))
      }
    }
    const soon = () => readOn(at('09:01'))
    await Promise.all([sales, soon().then(soon).then(soon)])
    await readOn(later)
    expect(seen).toEqual((await now.store.facts(0, 1000, later)).map(({ position }) => position))
    expect(seen).toHaveLength(120)
  })
}
