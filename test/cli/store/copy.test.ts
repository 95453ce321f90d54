import { describe, expect, it } from 'vitest'
import { compareStores, copyStore } from '../../../app/store/maintenance/copy.ts'
import { openStoreReader, openStoreTables } from '../../../app/store/open.ts'
import { sql } from '../../../app/store/sql.ts'
import { head, orderNumber, sell } from '../../store/sale.ts'
import { ENGINES, engines, inFolder, newFolder, openAt, run, storeWith, tamper, whereOf } from './stores.ts'

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
