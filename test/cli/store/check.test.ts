import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sql } from '../../../app/store/sql.ts'
import { orderNumber } from '../../store/sale.ts'
import { startSelling } from '../../store/selling.ts'
import { ENGINES, engines, ID, inFolder, newFolder, run, storeWith, tamper } from './stores.ts'

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
      'what was sold',
      sql`update sales set amount = amount + 1`,
      'The figures of 2026-03-01 are not what was sold then.',
    ],
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
