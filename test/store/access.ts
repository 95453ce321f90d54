import { expect, it } from 'vitest'
import type { Access, Credential } from '../../app/account/person.ts'
import type { Store } from '../../app/store/store.ts'

const MORNING = new Date('2026-03-01T09:00:00.000Z')
const credential = (id: string, endsAt = '2026-03-02T09:00:00.000Z', madeAt = MORNING.toISOString()): Credential => ({
  ...{ id, kind: 'token', hash: `hash of ${id}`, name: 'nightly export', role: 'maintain' },
  ...{ madeAt, endsAt, by: 'ada' },
})
const keep = (store: Store, one: Credential) => store.changeCredential(one.id, () => one)
const seen = (n: number): Access => ({
  ...{ at: MORNING.toISOString(), name: 'ada', via: 'desk' },
  ...{ what: 'order.seen', order: `ord_${n}` },
})

/** What every engine keeps about who is at the desk. */
export function describeAccess(now: { readonly store: Store; reopen: () => Promise<void> }): void {
  it('keeps what lets somebody in, over a restart too, until it is taken away', async () => {
    expect(await keep(now.store, credential('a'))).toBeUndefined()
    await now.reopen()
    expect(await now.store.credential('a')).toEqual(credential('a'))
    expect(await now.store.credential('b')).toBeUndefined()
    expect(await now.store.changeCredential('a', () => undefined)).toEqual(credential('a'))
    expect(await now.store.credential('a')).toBeUndefined()
    expect(await now.store.changeCredential('a', (before) => before)).toBeUndefined()
  })

  it('lists those that are not over, newest first', async () => {
    await keep(now.store, credential('old', '2026-03-01T10:00:00.000Z', '2026-02-01T09:00:00.000Z'))
    await keep(now.store, credential('new'))
    const idsAt = async (time: string) => (await now.store.credentials(new Date(time))).map(({ id }) => id)
    expect(await idsAt('2026-03-01T09:30:00.000Z')).toEqual(['new', 'old'])
    expect(await idsAt('2026-03-01T10:00:00.000Z')).toEqual(['new'])
  })

  it('forgets those that are over when there is a new one', async () => {
    await keep(now.store, credential('old', '2026-03-01T08:00:00.000Z'))
    await keep(now.store, credential('new'))
    expect(await now.store.credential('old')).toBeUndefined()
  })

  it('gives a link that works once to one of many who come at once', async () => {
    await keep(now.store, { ...credential('link'), kind: 'link' })
    const tries = Array.from({ length: 20 }, () => now.store.changeCredential('link', () => undefined))
    expect((await Promise.all(tries)).filter((before) => before !== undefined)).toHaveLength(1)
  })

  it('loses no change of many at once', async () => {
    await keep(now.store, credential('a'))
    const longer = (before?: Credential) => before && { ...before, name: `${before.name}!` }
    await Promise.all(Array.from({ length: 10 }, () => now.store.changeCredential('a', longer)))
    expect((await now.store.credential('a'))?.name).toBe('nightly export!!!!!!!!!!')
  })

  it('keeps the log of accesses, and gives it newest first, a page at a time', async () => {
    await now.store.recordAccess(Array.from({ length: 60 }, (_, n) => seen(n)))
    await now.store.recordAccess([{ ...seen(60), at: '2026-03-01T09:00:01.000Z' }])
    await now.store.recordAccess([])
    await now.reopen()
    const first = await now.store.accesses()
    const second = await now.store.accesses(first.at(-1)?.place)
    const orders = [...first, ...second].map(({ order }) => order)
    expect(orders).toEqual(Array.from({ length: 61 }, (_, n) => `ord_${60 - n}`))
    expect(first).toHaveLength(50)
    expect(first[0]).toMatchObject({ at: '2026-03-01T09:00:01.000Z', name: 'ada', via: 'desk', what: 'order.seen' })
    expect(await now.store.accesses(second.at(-1)?.place)).toEqual([])
  })
}
