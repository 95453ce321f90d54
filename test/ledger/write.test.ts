import { expect, onTestFinished, test } from 'vitest'
import { BranchMovedError } from '../../app/github/commit-on-branch.ts'
import { PART_BYTES_MAX } from '../../app/ledger/head.ts'
import { FACTS_A_COMMIT_MAX } from '../../app/ledger/write.ts'
import { orderNumber, paid, placed, sell } from '../store/sale.ts'
import { around, LEDGER, linesOf, openTestLedger, openTestStore } from './support.ts'

async function open(settings: Parameters<typeof openTestLedger>[0] = {}) {
  const ledger = await openTestLedger(settings)
  onTestFinished(async () => void (await ledger.close()))
  return ledger
}
const times = (count: number) => Array.from({ length: count }, (_, n) => n)
const sellMany = async (store: Parameters<typeof sell>[0], from: number, count: number) => {
  for (const n of times(count)) await sell(store, orderNumber(from + n))
}

test('an empty repository becomes a ledger: what it is, the facts by day, and how many there are', async () => {
  const ledger = await open()
  await sellMany(ledger.store, 1, 2)
  expect(await ledger.write()).toMatchObject({ end: 'again', job: { dueAt: '2026-03-01T12:01:00.000Z' } })
  const files = await ledger.files()
  expect([...files.keys()].toSorted()).toEqual(['README.md', 'facts/2026/03/01/0001.jsonl', 'head.json'])
  const [first, second] = [orderNumber(1), orderNumber(2)]
  expect(linesOf(files)).toEqual([
    { number: 1, version: 1, fact: placed(first) },
    { number: 2, version: 2, fact: paid(first) },
    { number: 3, version: 1, fact: placed(second) },
    { number: 4, version: 2, fact: paid(second) },
  ])
  expect(JSON.parse(files.get('head.json') ?? '')).toMatchObject({
    format: 1,
    facts: 4,
    last: { subject: second, version: 2 },
  })
})

test('what comes later is added, and when nothing does, nothing is committed', async () => {
  const ledger = await open()
  await sellMany(ledger.store, 1, 1)
  await ledger.write()
  await sellMany(ledger.store, 2, 1)
  await ledger.write()
  const before = await ledger.commits()
  expect(before.map(({ commit }) => commit.message)).toEqual([
    'Add 2 facts, up to 4',
    'Add 2 facts, up to 2',
    'Begin the ledger',
  ])
  expect(await ledger.write()).toEqual({ end: 'later', at: new Date('2026-03-01T12:01:00Z') })
  expect(await ledger.commits()).toEqual(before)
})

test('a crash after the commit doubles nothing: the head in the repository is what counts', async () => {
  const ledger = await open()
  const lost = around(ledger.parts.githubApp, async (commit) => {
    await commit()
    throw new Error('the process died before it knew')
  })
  for (const round of [1, 2, 3]) {
    await sellMany(ledger.store, round * 10, 3)
    await expect(ledger.write({ githubApp: lost })).rejects.toThrow('died')
  }
  expect(await ledger.write()).toMatchObject({ end: 'later' })
  expect(linesOf(await ledger.files()).map(({ number }) => number)).toEqual(times(18).map((n) => n + 1))
})

test('a branch that moved meanwhile is read again, and both stay', async () => {
  const ledger = await open()
  await sellMany(ledger.store, 1, 1)
  await ledger.write()
  await sellMany(ledger.store, 2, 1)
  const edit = {
    ...LEDGER,
    path: 'NOTES.md',
    message: 'Note something',
    content: Buffer.from('Hello').toString('base64'),
  }
  const overtaken = around(ledger.parts.githubApp, async (commit) => {
    await ledger.ada.repos.createOrUpdateFileContents(edit)
    return commit()
  })
  await expect(ledger.write({ githubApp: overtaken })).rejects.toThrow(BranchMovedError)
  await ledger.write()
  const files = await ledger.files()
  expect(files.get('NOTES.md')).toBe('Hello')
  expect(linesOf(files).map(({ number }) => number)).toEqual([1, 2, 3, 4])
})

test('however many write at once, while the shop sells: every fact once, in the order of the store', async () => {
  const ledger = await open()
  await ledger.write()
  for (const round of times(8)) {
    const writers = times(3).map(() => ledger.write())
    const [outcomes] = await Promise.all([Promise.allSettled(writers), sellMany(ledger.store, round * 10, 5)])
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(BranchMovedError)
  }
  await ledger.write()
  const kept = await ledger.store.facts(0, 1000, new Date())
  expect(kept).toHaveLength(80)
  expect(linesOf(await ledger.files())).toEqual(kept.map(({ version, fact }, n) => ({ number: n + 1, version, fact })))
})

test.each([
  ['a public repository', { private: false }, 'Make it private'],
  [
    'one that the App may not enter',
    { repository: 'tern/other' },
    'The GitHub App may not enter tern/other. Install it there',
  ],
  ['a head that is none', { files: { 'head.json': 'What is this?' } }, 'head.json in tern/ledger is not the one'],
  ['a newer format', { files: { 'head.json': '{"format":2}' } }, 'head.json in tern/ledger is not the one'],
  [
    'facts without a head',
    { files: { 'facts/2025/01/01/0001.jsonl': '{}\n' } },
    'head.json in tern/ledger is not the one',
  ],
])('%s needs a person, and nothing is written', async (_, settings, sentence) => {
  const ledger = await open(settings)
  await sellMany(ledger.store, 1, 1)
  const before = await ledger.commits().catch(() => 'none')
  expect(await ledger.write()).toMatchObject({ end: 'again', job: { dueAt: '2026-03-01T12:15:00.000Z' } })
  expect(await ledger.commits().catch(() => 'none')).toEqual(before)
  const [line] = ledger.logged.map((text) => JSON.parse(text))
  expect(line).toMatchObject({ level: 50, msg: 'the ledger needs a person', reason: expect.stringContaining(sentence) })
})

test('a store that is older than the ledger, or another one, writes nothing there', async () => {
  const ledger = await open()
  await sellMany(ledger.store, 1, 2)
  await ledger.write()
  const before = await ledger.files()
  const other = await openTestStore()
  onTestFinished(() => other.close())
  for (const order of [1, 7, 8]) {
    await sell(other.store, orderNumber(order))
    expect(await ledger.write({ store: other.store })).toMatchObject({ end: 'again' })
  }
  expect(ledger.logged.at(-1)).toContain('the store is older, or another shop')
  expect(await ledger.files()).toEqual(before)
})

test('a branch that was put back gets again what it lost', async () => {
  const ledger = await open()
  await sellMany(ledger.store, 1, 1)
  await ledger.write()
  const [old] = await ledger.commits()
  await sellMany(ledger.store, 2, 1)
  await ledger.write()
  const before = await ledger.files()
  await ledger.ada.git.updateRef({ ...LEDGER, ref: 'heads/main', sha: old?.sha ?? '', force: true })
  await ledger.write()
  expect(await ledger.files()).toEqual(before)
})

test('more than one commit may hold comes in several, soon after each other, and none is missing', async () => {
  const ledger = await open()
  await Promise.all(times(FACTS_A_COMMIT_MAX / 2 + 1).map((n) => sell(ledger.store, orderNumber(n))))
  expect(await ledger.write()).toMatchObject({ end: 'again', job: { dueAt: '2026-03-01T12:00:20.000Z' } })
  expect(await ledger.write()).toMatchObject({ end: 'again', job: { dueAt: '2026-03-01T12:01:00.000Z' } })
  const files = await ledger.files()
  expect(linesOf(files).map(({ number }) => number)).toEqual(times(FACTS_A_COMMIT_MAX + 2).map((n) => n + 1))
  for (const text of files.values()) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PART_BYTES_MAX)
})
