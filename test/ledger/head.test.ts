import { expect, test } from 'vitest'
import { EMPTY_HEAD, extended, PART_BYTES_MAX } from '../../app/ledger/head.ts'
import { chained, lineOf, NO_CHAIN } from '../../app/ledger/line.ts'
import { orderNumber, placed } from '../store/sale.ts'

const factAt = (n: number, at: string) => ({
  position: n * 3,
  subject: orderNumber(n),
  version: 1,
  fact: { ...placed(orderNumber(n)), at },
})

/** Writes facts in batches of this many, and gives all parts and the head. */
function writeAll(facts: readonly ReturnType<typeof factAt>[], most: number) {
  const files = new Map<string, string>()
  let head = EMPTY_HEAD
  const sizes: number[] = []
  for (let at = 0; at < facts.length; at += most) {
    const result = extended(head, files.get(head.last?.part ?? '') ?? '', facts.slice(at, at + most))
    sizes.push([...result.parts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0))
    for (const [path, text] of result.parts) files.set(path, text)
    head = result.head
  }
  return { files, head, sizes }
}

test.each([1, 7, 500, 5000])('%d facts a commit: parts are bounded, in order, and together all lines once', (most) => {
  const facts = Array.from({ length: 3000 }, (_, n) => factAt(n, `2026-03-0${1 + Math.floor(n / 1400)}T09:00:00.000Z`))
  const { files, head, sizes } = writeAll(facts, most)
  const lines = facts.map((fact, n) => lineOf(n + 1, fact))
  expect([...files.values()].join('')).toBe(`${lines.join('\n')}\n`)
  expect([...files.keys()]).toEqual([...files.keys()].toSorted())
  expect(new Set([...files.keys()].map((path) => path.slice(0, 17))).size).toBe(3)
  for (const text of files.values()) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PART_BYTES_MAX)
  expect(head).toMatchObject({
    facts: 3000,
    chain: lines.reduce(chained, NO_CHAIN),
    last: { subject: orderNumber(2999) },
  })
  const added = (Buffer.byteLength(lines[0] ?? '') + 3) * most
  for (const size of sizes) expect(size).toBeLessThanOrEqual(PART_BYTES_MAX + added)
})

test('a day never comes back, whatever the clock said', () => {
  const facts = ['2026-03-02', '2026-03-01', '2026-03-02', '2026-03-03'].map((day, n) =>
    factAt(n, `${day}T09:00:00.000Z`),
  )
  expect([...writeAll(facts, 1).files].map(([path, text]) => [path, text.split('\n').length - 1])).toEqual([
    ['facts/2026/03/02/0001.jsonl', 3],
    ['facts/2026/03/03/0001.jsonl', 1],
  ])
})
