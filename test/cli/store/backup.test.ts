import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { orderNumber } from '../../store/sale.ts'
import { startSelling } from '../../store/selling.ts'
import { ANOTHER_KEY, inFolder, newFolder, openAt, root, run, storeWith } from './stores.ts'

describe('tagsale backup and restore', () => {
  it('bring back all that was acknowledged before the copy began, taken while another process sells', async () => {
    const where = await storeWith(await inFolder(), 0)
    const selling = await startSelling(join(where.DATA_FOLDER, 'store'))
    const file = join(root, 'under-load.backup')
    const before = selling.acknowledged()
    const taken = await run(where, `backup ${file}`)
    expect(selling.acknowledged().length).toBeGreaterThan(before.length)
    await selling.kill()
    expect(taken).toMatchObject({ code: 0, error: '' })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.new`)).toBe(false)
    const elsewhere = await inFolder()
    expect(await run(elsewhere, `restore ${file}`)).toMatchObject({ code: 0, error: '' })
    expect(await run(elsewhere, 'store check')).toMatchObject({ code: 0 })
    const store = await openAt(elsewhere)
    expect(before.length).toBeGreaterThanOrEqual(20)
    for (const n of before) expect(await store.order(orderNumber(n)), `order ${n}`).toMatchObject({ version: 2 })
    expect(await store.customer(orderNumber(0))).toMatchObject({ email: 'ada@example.org' })
    await store.close()
  })

  it('are told in sentences', async () => {
    const where = await storeWith(await inFolder())
    const file = join(root, 'told.backup')
    expect(await run(where, `backup ${file}`)).toEqual({
      code: 0,
      out:
        `3 orders, 7 facts, in ${file}. It was read back, and is whole.\n` +
        'Customers are sealed in it: without STORE_KEY nobody reads them. Keep that one too, elsewhere.\n',
      error: '',
    })
    const elsewhere = await inFolder()
    const first = await run(elsewhere, `restore ${file}`)
    expect(first).toEqual({ code: 0, out: `3 orders, 7 facts, from ${file}.\n`, error: '' })
    const again = await run(elsewhere, `restore ${file}`)
    expect([again.code, again.error]).toEqual([
      1,
      `The store in ${elsewhere.DATA_FOLDER}/store holds orders, or can't be read. With --replace it is kept aside, and the backup takes its place.\n`,
    ])
    const replaced = await run(elsewhere, `restore ${file} --replace`)
    const aside = `${elsewhere.DATA_FOLDER}/store/shop.sqlite.until-2026-03-02T10-00-00.000Z`
    expect(replaced).toMatchObject({
      code: 0,
      out: `3 orders, 7 facts, from ${file}.\nWhat was there is kept as ${aside}.\n`,
    })
  })

  it('with --replace keep the old store whole, orders in its log too', async () => {
    const [where, old] = [await storeWith(await inFolder(), 1), await storeWith(await inFolder(), 0)]
    const file = join(root, 'replacing.backup')
    await run(where, `backup ${file}`)
    const selling = await startSelling(join(old.DATA_FOLDER, 'store'))
    const running = await run(old, `restore ${file} --replace`)
    expect([running.code, running.error]).toEqual([1, expect.stringContaining('Another process is using the store')])
    await selling.kill() // with all it sold in the log
    expect((await run(old, `restore ${file} --replace`)).code).toBe(0)
    const aside = (await readdir(join(old.DATA_FOLDER, 'store'))).find((name) => name.includes('.until-'))
    const saved = join(root, 'aside')
    await run({ DATA_FOLDER: saved }, `restore ${old.DATA_FOLDER}/store/${aside}`)
    const store = await openAt({ DATA_FOLDER: saved })
    for (const n of selling.acknowledged()) expect(await store.order(orderNumber(n))).toMatchObject({ version: 2 })
    await store.close()
    const now = await openAt(old)
    expect((await now.counts()).orders).toBe(1)
    await now.close()
  })

  it('put a backup in the place of a store that is damaged', async () => {
    const where = await storeWith(await inFolder())
    const file = join(root, 'rescue.backup')
    await run(where, `backup ${file}`)
    await writeFile(join(where.DATA_FOLDER, 'store/shop.sqlite'), 'no database, and long enough to see'.repeat(300))
    expect((await run(where, `backup ${root}/never.backup`)).error).toContain('is damaged')
    expect((await run(where, `restore ${file}`)).code).toBe(1)
    expect((await run(where, `restore ${file} --replace`)).code).toBe(0)
    expect((await run(where, 'store check')).code).toBe(0)
  })

  it('take the place of a backup, and of nothing else', async () => {
    const where = await storeWith(await inFolder())
    const file = join(root, 'mine.txt')
    await writeFile(file, 'my letters')
    expect(await run(where, `backup ${file}`)).toMatchObject({
      code: 1,
      error: expect.stringContaining('no backup of Tagsale’s'),
    })
    expect(await readFile(file, 'utf8')).toBe('my letters')
    expect((await run(where, `backup ${root}`)).code).toBe(1)
    expect((await run(where, `backup ${where.DATA_FOLDER}/store/shop.sqlite`)).error).toContain('belongs elsewhere')
    expect((await run(where, `backup ${root}/nowhere/a.backup`)).error).toContain('There is no folder')
    expect((await run(where, `restore ${file} --replace`)).error).toContain('is no backup of Tagsale’s')
    expect((await run(where, `restore ${root}/nothing`)).error).toContain('There is no file')
    expect((await run(where, `backup ${root}/fine.backup`)).code).toBe(0)
    expect((await run(where, `backup ${root}/fine.backup`)).code).toBe(0)
    expect((await run(where, 'store check')).code).toBe(0)
  })

  it('refuse a copy that is damaged, and leave the store as it was', async () => {
    const where = await storeWith(await inFolder(), 300)
    const file = join(root, 'harmed.backup')
    await run(where, `backup ${file}`)
    const handle = await open(file, 'r+')
    await handle.write(randomBytes(30_000), 0, 30_000, 20 * 4096)
    await handle.close()
    expect(await run(where, `restore ${file} --replace`)).toMatchObject({
      code: 1,
      error: expect.stringContaining('damaged'),
    })
    expect((await readdir(join(where.DATA_FOLDER, 'store'))).filter((name) => name.includes('shop.sqlite.'))).toEqual(
      [],
    )
    expect((await run(where, 'store check')).code).toBe(0)
  })

  it('say when STORE_KEY is another', async () => {
    const where = await storeWith(await inFolder())
    const taken = await run(where, `backup ${join(root, 'key.backup')}`, { STORE_KEY: ANOTHER_KEY })
    expect([taken.code, taken.error]).toEqual([1, expect.stringMatching(/^STORE_KEY, as it is set, does not open/)])
  })

  it('name PostgreSQL’s own tools', async () => {
    const place = { DATA_FOLDER: newFolder(), DATABASE_URL: 'postgres://localhost/none' }
    expect(await run(place, 'backup a')).toMatchObject({ code: 1, error: expect.stringContaining('pg_dump') })
    expect(await run(place, 'restore a')).toMatchObject({ code: 1, error: expect.stringContaining('pg_restore') })
  })
})
