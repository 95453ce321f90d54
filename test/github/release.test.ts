import { createHash } from 'node:crypto'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectGitHub } from '../../app/github/client.ts'
import { describeReleaseFile, openReleaseFile } from '../../app/github/release.ts'
import { openGitHub, type TestGitHub } from '../support/github.ts'

const APP = 4242
const bytes = new TextEncoder().encode('%PDF-1.7 a field guide to terns')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const book = { repository: 'tern/goods', tag: 'v1.0', file: 'field-guide.pdf' }
const log = pino({ level: 'silent' })
const HOUR = 3_600_000

let github: TestGitHub
let clock = 0
let parts: Pick<Awaited<ReturnType<typeof connectGitHub>>, 'github'> & { now: () => Date }

beforeEach(async () => {
  clock = 0
  const now = () => Date.now() + clock
  github = await openGitHub({ app: { id: APP }, now, releases: [{ ...book, bytes }] })
  parts = { ...(await connect()), now: () => new Date(now()) }
})
afterEach(() => github.close())

const connect = (privateKey = github.privateKey) => connectGitHub({ appId: APP, privateKey, baseUrl: github.url, log })
const reason = (word: string) => expect.objectContaining({ name: 'ReleaseFileError', reason: word })

test('a file is described with its size and digest', async () => {
  expect(await describeReleaseFile(parts, book)).toEqual({
    id: expect.any(Number),
    name: 'field-guide.pdf',
    size: bytes.length,
    sha256,
  })
})

test('a file beyond the first hundred of a release is found', async () => {
  for (let number = 0; number < 101; number += 1) {
    await github.control('releases', { ...book, tag: 'big', file: `${number}.txt`, base64: btoa(`${number}`) })
  }
  expect(await describeReleaseFile(parts, { ...book, tag: 'big', file: '100.txt' })).toMatchObject({ size: 3 })
})

test('a description is remembered for five minutes', async () => {
  await describeReleaseFile(parts, book)
  const asked = (await github.requests()).length
  await describeReleaseFile(parts, book)
  expect((await github.requests()).length).toBe(asked)
  clock = 5 * 60_000
  await describeReleaseFile(parts, book)
  expect((await github.requests()).length).toBe(asked + 1)
})

test('the last known description serves while GitHub is down', async () => {
  const facts = await describeReleaseFile(parts, book)
  clock = HOUR / 2
  await github.control('faults', { down: true })
  expect(await describeReleaseFile(parts, book)).toEqual(facts)
  await expect(describeReleaseFile(parts, { ...book, tag: 'v2' })).rejects.toEqual(reason('unavailable'))
})

test("the buyer is sent to GitHub's address, which gives the bytes", async () => {
  const opened = await openReleaseFile(parts, book)
  if (!('redirect' in opened)) throw new Error('expected a redirect')
  expect((await github.requests()).some(({ path }) => path.startsWith('/_files/'))).toBe(false)
  const arrived = Buffer.from(await (await fetch(opened.redirect)).arrayBuffer())
  expect(createHash('sha256').update(arrived).digest('hex')).toBe(sha256)
})

/** Calls to GitHub's API that this costs; its stand-in counts them. */
async function callsOf(work: () => Promise<unknown>): Promise<number> {
  const before = (await github.requests()).length
  await work()
  return (await github.requests()).length - before
}

test('2,000 downloads in a minute cost GitHub fewer than 30 calls, and each buyer gets an address that works', async () => {
  const calls = await callsOf(async () => {
    for (let second = 0; second < 60; second += 1) {
      clock = second * 1000
      const opened = await Promise.all(Array.from({ length: 34 }, () => openReleaseFile(parts, book)))
      expect(opened.every((one) => 'redirect' in one)).toBe(true)
    }
  })
  expect(calls).toBeLessThan(30)
})

test('an address is passed on for two minutes of the five that it works, and then there is a fresh one', async () => {
  const first = await openReleaseFile(parts, book)
  clock = 119_000
  expect(await openReleaseFile(parts, book)).toEqual(first)
  clock = 120_000
  expect(await openReleaseFile(parts, book)).not.toEqual(first)
})

test.each([
  ['is not there', { ...book, file: 'missing.pdf' }, {}],
  ['cannot be had because GitHub limits us', book, { limit: 42 }],
])('a file that %s costs few calls however often it is asked for', async (_, file, faults) => {
  await describeReleaseFile(parts, book)
  await github.control('faults', faults)
  const tries = () => Promise.allSettled(Array.from({ length: 100 }, () => openReleaseFile(parts, file)))
  expect(await callsOf(async () => [await tries(), await tries()])).toBeLessThan(10)
})

test('when a file was replaced, all who come at once get the new one', async () => {
  await openReleaseFile(parts, book)
  await github.control('releases', { ...book, base64: btoa('second edition') })
  clock = 150_000
  const opened = await Promise.all(Array.from({ length: 20 }, () => openReleaseFile(parts, book)))
  expect(opened.every((one) => 'redirect' in one)).toBe(true)
})

test('bytes that GitHub sends itself are passed on', async () => {
  await github.control('faults', { stream: true })
  const opened = await openReleaseFile(parts, book)
  if (!('stream' in opened)) throw new Error('expected a stream')
  expect(new Uint8Array(await new Response(opened.stream).arrayBuffer())).toEqual(bytes)
  expect(opened.headers).toEqual({
    'content-type': 'application/octet-stream',
    'content-length': String(bytes.length),
    'content-disposition': 'attachment; filename="field-guide.pdf"',
  })
})

test('a file that was replaced is found again under its new id', async () => {
  const old = await describeReleaseFile(parts, book)
  await github.control('releases', { ...book, base64: btoa('second edition') })
  const opened = await openReleaseFile(parts, book)
  if (!('redirect' in opened)) throw new Error('expected a redirect')
  expect(await (await fetch(opened.redirect)).text()).toBe('second edition')
  expect((await describeReleaseFile(parts, book)).id).not.toBe(old.id)
})

test.each([
  ['release', { ...book, tag: 'v9' }, 'field-guide.pdf in release v9 of tern/goods: GitHub answers 404'],
  ['file', { ...book, file: 'missing.pdf' }, 'missing.pdf in release v1.0 of tern/goods: the release has no such file'],
  ['repository of the owner', { ...book, repository: 'tern/nothing' }, 'GitHub answers 404'],
  ['installation', { ...book, repository: 'puffin/goods' }, 'GitHub answers 404'],
])('a missing %s needs a person', async (_, file, words) => {
  await expect(describeReleaseFile(parts, file)).rejects.toEqual(reason('missing'))
  await expect(openReleaseFile(parts, file)).rejects.toThrow(words)
})

test('a repository that the installation leaves out needs a person, also when its owner is known', async () => {
  await describeReleaseFile(parts, book)
  const file = { ...book, repository: 'tern/nothing' }
  await expect(describeReleaseFile(parts, file)).rejects.toThrow('GitHub answers 422')
  await expect(describeReleaseFile(parts, file)).rejects.toEqual(reason('missing'))
})

test('a wrong key may be a clock or an incident, and is tried again', async () => {
  const other = await openGitHub({ app: { id: APP }, releases: [] })
  const stranger = { ...parts, ...(await connect(other.privateKey)) }
  await other.close()
  await expect(describeReleaseFile(stranger, book)).rejects.toMatchObject({
    reason: 'unavailable',
    message: expect.stringContaining('401'),
  })
})

test('a limit says when to come back', async () => {
  await describeReleaseFile(parts, book)
  await github.control('faults', { limit: 42 })
  await expect(openReleaseFile(parts, book)).rejects.toEqual(
    expect.objectContaining({ reason: 'unavailable', retryAfterSeconds: 42 }),
  )
})

test.each([
  ['answers 502', { down: true }],
  ['ends the connection', { refuse: true }],
])('a buyer is told at once when GitHub %s', async (_, fault) => {
  await describeReleaseFile(parts, book)
  await github.control('faults', fault)
  const start = performance.now()
  await expect(openReleaseFile(parts, book)).rejects.toEqual(reason('unavailable'))
  expect(performance.now() - start).toBeLessThan(1000)
})

test('downloads go on as soon as GitHub is back', async () => {
  await github.control('faults', { down: true })
  await expect(openReleaseFile(parts, book)).rejects.toEqual(reason('unavailable'))
  await github.control('faults', {})
  expect(await openReleaseFile(parts, book)).toHaveProperty('redirect')
})

test('a token is shared until GitHub refuses it, and then made anew', async () => {
  const minted = async () =>
    (await github.requests()).filter(({ path, status }) => path.endsWith('/access_tokens') && status === 201).length
  await Promise.all(Array.from({ length: 5 }, () => openReleaseFile(parts, book)))
  expect(await minted()).toBe(1)
  clock = HOUR
  await Promise.all(Array.from({ length: 5 }, () => openReleaseFile(parts, book)))
  expect(await minted()).toBe(2)
})
