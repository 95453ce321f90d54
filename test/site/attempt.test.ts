import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  attemptAfter,
  attemptAfterConflict,
  attemptJson,
  nextAttempt,
  randomUuid,
  readAttempt,
} from '../../site/scripts/attempt.ts'

const first = { body: '{"lines":[1]}', key: 'first' }
const second = { body: '{"lines":[2]}', key: 'second', replaces: 'first' }

test('who comes back with the same cart makes the same try, and with another cart one that takes its place', () => {
  expect(nextAttempt(null, first.body, 'first')).toEqual(first)
  expect(nextAttempt(first, first.body, 'second')).toBe(first)
  expect(nextAttempt(first, second.body, 'second')).toEqual(second)
  expect(nextAttempt(second, second.body, 'third')).toBe(second)
})

test('a key that came to nothing is exchanged for a new one', () => {
  expect(attemptAfterConflict(second, 'third')).toEqual({ body: second.body, key: 'third', replaces: 'second' })
  expect(attemptAfter(409, second, first)).toBeNull()
})

test('a try that may have started an order is remembered; a refused one leaves the try before it', () => {
  for (const status of [201, 500, 502, undefined]) expect(attemptAfter(status, second, first)).toBe(second)
  for (const status of [422, 413, 429]) expect(attemptAfter(status, second, first)).toBe(first)
  expect(attemptAfter(422, first, null)).toBeNull()
})

test('the key that is replaced is sent with the cart, but is no part of what is compared', () => {
  expect(attemptJson(first)).toBe(first.body)
  expect(JSON.parse(attemptJson(second))).toEqual({ lines: [2], replaces: 'first' })
})

test('what is remembered is read, and what is no try, or has a key that is none (any more), stands for none', () => {
  const [one, two] = [1, 2].map((seed) => randomUuid(new Uint8Array(16).fill(seed)))
  const kept = { ...second, key: two, replaces: one }
  expect(readAttempt(JSON.stringify(kept))).toEqual(kept)
  const others = [second, { ...kept, replaces: 'first' }].map((attempt) => JSON.stringify(attempt))
  for (const text of [null, '', 'null', '{"half', ...others]) expect(readAttempt(text)).toBeNull()
  for (const text of ['7', '{}', '[]', '"x"']) {
    const attempt = nextAttempt(readAttempt(text), first.body, 'first')
    expect([attempt, attemptJson(attempt)]).toEqual([first, first.body])
  }
})

test('a key is a random UUID, such as the app takes', () => {
  for (let n = 0; n < 200; n += 1) {
    expect(z.uuidv4().safeParse(randomUuid(randomBytes(16))).success).toBe(true)
  }
  expect(randomUuid(new Uint8Array(16).fill(255))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
})
