import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import { StoreRefusedError } from '../../app/store/refusal.ts'
import { orderNumber, paid, wholeSale } from './sale.ts'
import { simulatedDisk } from './simulated-disk.ts'

const SALES = 12
const JOURNAL = '/shop/orders.journal'
const MANIFEST = '/shop/store.json'

type Files = Record<string, Buffer>

const openOn = (disk: ReturnType<typeof simulatedDisk>) =>
  openLowdbStore({ folder: '/shop', disk, now: () => new Date(0), onFailure: () => undefined })

async function shopWith(sales: number): Promise<Files> {
  const disk = simulatedDisk()
  const { store } = await openOn(disk)
  for (let n = 0; n < sales; n++) await store.transact({}, () => wholeSale(orderNumber(n)))
  await store.close()
  return disk.files()
}

/** Why the store will not open with these files. Fails when it does, or when it changes a file on the way. */
async function refusal(files: Files): Promise<string> {
  const disk = simulatedDisk(files)
  const error = await openOn(disk).then(
    () => new Error('it opened'),
    (cause: Error) => cause,
  )
  expect(error).toBeInstanceOf(StoreRefusedError)
  expect(disk.files()).toEqual(files)
  return error.message
}

/** The journal's lines, each with its end. */
function linesOf(journal: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < journal.length; ) {
    const end = journal.indexOf('\n', start) + 1
    lines.push(journal.subarray(start, end))
    start = end
  }
  return lines
}

/** A line as the journal's description says, made apart from the code that writes them. */
function lineOf(entry: object): Buffer {
  const json = Buffer.from(JSON.stringify(entry))
  return Buffer.concat([
    Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json.length} `),
    json,
    Buffer.from('\n'),
  ])
}

describe('a journal', { timeout: 30_000 }, () => {
  let files: Files = {}
  let journal = Buffer.alloc(0)
  let lines: Buffer[] = []
  beforeAll(async () => {
    files = await shopWith(SALES)
    journal = Buffer.from(files[JOURNAL] as Buffer)
    lines = linesOf(journal)
  })

  const withJournal = (bytes: Buffer | Buffer[]): Files => ({
    ...files,
    [JOURNAL]: Array.isArray(bytes) ? Buffer.concat(bytes) : bytes,
  })
  const startOf = (line: number) => lines.slice(0, line).reduce((sum, bytes) => sum + bytes.length, 0)
  const lineAt = (byte: number) => lines.findIndex((_, index) => startOf(index + 1) > byte)
  const lastStart = () => startOf(SALES - 1)

  async function expectDamageAt(byte: number, bytes: Buffer | Buffer[], how: string): Promise<void> {
    expect(await refusal(withJournal(bytes)), how).toContain(`${JOURNAL} is damaged at byte ${byte}: `)
  }

  it('has one line for each transaction', () => expect(lines).toHaveLength(SALES))

  it('with one bit wrong is refused, at the start of the line that is damaged', async () => {
    const flipped = async (bit: number) => {
      const bytes = Buffer.from(journal)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      await expectDamageAt(startOf(lineAt(bit >> 3)), bytes, `bit ${bit}`)
    }
    const inLastHead = Array.from({ length: 14 * 8 }, (_, bit) => lastStart() * 8 + bit)
    const inLastEnd = Array.from({ length: 16 }, (_, bit) => journal.length * 8 - 1 - bit)
    for (const bit of [...inLastHead, ...inLastEnd]) await flipped(bit)
    await fc.assert(fc.asyncProperty(fc.nat(journal.length * 8 - 1), flipped), { numRuns: 400 })
  })

  it('with a block of zeros, or an older block, is refused', async () => {
    const place = fc.nat(journal.length - 512 - 1)
    const isRefused = async (at: number, from: number) => {
      const [zeroed, stale] = [Buffer.from(journal), Buffer.from(journal)]
      zeroed.fill(0, at, at + 512)
      journal.copy(stale, at, from, from + 512)
      await expectDamageAt(startOf(lineAt(at)), zeroed, `zeros at ${at}`)
      if (!stale.equals(journal))
        expect(await refusal(withJournal(stale)), `${from} at ${at}`).toContain('is damaged at')
    }
    await fc.assert(fc.asyncProperty(place, place, isRefused), { numRuns: 100 })
  })

  it('with a line removed, repeated or swapped with the next is refused', async () => {
    for (let line = 0; line < SALES - 1; line++) {
      const [here, next] = lines.slice(line, line + 2) as [Buffer, Buffer]
      await expectDamageAt(startOf(line), lines.toSpliced(line, 1), `${line} removed`)
      await expectDamageAt(startOf(line + 1), lines.toSpliced(line, 0, here), `${line} repeated`)
      await expectDamageAt(startOf(line), lines.toSpliced(line, 2, next, here), `${line} swapped`)
    }
    await expectDamageAt(journal.length, [...lines, lines[SALES - 1] as Buffer], 'the last repeated')
  })

  it('cut anywhere in its last line loses that line, says so, and goes on', async () => {
    for (let end = lastStart(); end < journal.length; end++) {
      const disk = simulatedDisk(withJournal(journal.subarray(0, end)))
      const { store, report } = await openOn(disk)
      expect(report).toEqual({ events: 2 * (SALES - 1), tornBytes: end - lastStart() })
      expect((await store.counts()).orders).toBe(SALES - 1)
      await store.close()
      expect(disk.files()[JOURNAL]).toEqual(journal.subarray(0, lastStart()))
    }
  })

  it('of another store is refused', async () => {
    const other = await shopWith(SALES)
    const id = JSON.parse(String(other[MANIFEST])).id
    expect(id).not.toBe(JSON.parse(String(files[MANIFEST])).id)
    expect(await refusal({ ...files, [JOURNAL]: other[JOURNAL] as Buffer })).toContain('damaged at byte 0')
  })

  it.each([
    ['a fact that is none', { events: [{ ...paid(orderNumber(0)), amount: '12.00' }] }, 'events[0].amount'],
    ['a fact on an order that was never placed', { events: [paid(orderNumber(77))] }, 'without order.placed'],
    ['something this version does not know', { coupons: [] }, 'coupons'],
    ['nothing', undefined, 'not a change'],
  ])('with a whole line that says %s is refused', async (_, change, reason) => {
    const prev = hash('sha256', lines[SALES - 1] as Buffer, 'base64url')
    const message = await refusal(withJournal([journal, lineOf({ seq: SALES + 1, prev, change })]))
    expect(message).toContain(`damaged at byte ${journal.length}: `)
    expect(message).toContain(reason)
  })

  it('with a gap in its numbers is refused', async () => {
    const prev = hash('sha256', lines[SALES - 1] as Buffer, 'base64url')
    const skipped = lineOf({ seq: SALES + 2, prev, change: { jobsDone: ['job'] } })
    expect(await refusal(withJournal([journal, skipped]))).toContain('line 13 was expected here, and this is line 14')
  })
})

describe('a folder', () => {
  it('whose journal is missing is refused, and not an empty shop', async () => {
    const { [JOURNAL]: _, ...files } = await shopWith(1)
    expect(await refusal(files)).toContain(`${JOURNAL} is missing`)
  })

  it('whose manifest is missing is refused, and its orders are not emptied', async () => {
    const { [MANIFEST]: _, ...files } = await shopWith(1)
    expect(await refusal(files)).toContain(`${JOURNAL} holds orders, and store.json beside it is missing`)
  })

  it.each(['', 'null', '[]', '{', '{"format":1}', '\0'.repeat(64)])('whose manifest is %j is refused', async (text) => {
    const files = await shopWith(1)
    expect(await refusal({ ...files, [MANIFEST]: Buffer.from(text) })).toContain("cannot be read as a store's manifest")
  })

  it('of a newer format is refused', async () => {
    const files = await shopWith(1)
    const manifest = JSON.stringify({ ...JSON.parse(String(files[MANIFEST])), format: 2 })
    expect(await refusal({ ...files, [MANIFEST]: Buffer.from(manifest) })).toContain(
      `${MANIFEST} says format 2, and this version of Tagsale reads format 1`,
    )
  })
})
