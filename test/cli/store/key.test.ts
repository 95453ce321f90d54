import { describe, expect, it } from 'vitest'
import { openStoreReader } from '../../../app/store/open.ts'
import { sql } from '../../../app/store/sql.ts'
import { orderNumber, sell } from '../../store/sale.ts'
import { ANOTHER_KEY, ENGINES, engines, holds, ID, inFolder, openAt, run, STORE_KEY, storeWith } from './stores.ts'

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
