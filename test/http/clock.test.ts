import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareClocks, createHopWatch } from '../../app/http/operators/clock.ts'
import { createNotices } from '../../app/log.ts'
import { configOf } from './open-api.ts'

/** Stripe's or GitHub's clock is right. */
let server: Server
beforeAll(async () => {
  server = createServer((_, answer) => void answer.writeHead(404).end())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterAll(() => server.close())

test('a clock that is wrong is said as long as it is', async () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = configOf({ TAGSALE_MODE: 'sandbox', STRIPE_API_URL: address, GITHUB_API_URL: 'http://127.0.0.1:9' })
  const notices = createNotices({ error: () => {}, info: () => {} })
  const said = async (secondsAhead: number) => {
    await compareClocks({ config, notices, now: () => new Date(Date.now() + secondsAhead * 1000) })
    return notices.all().map((sentence) => sentence.replace(/127\.0\.0\.1:\d+/, 'stripe').replace(/59\d|60\d/, '600'))
  }
  expect(await said(0)).toEqual([])
  const sentence =
    'The clock is wrong: this machine is 600 seconds ahead of stripe. Sales fail; set it, and keep it set (NTP).'
  expect(await said(600)).toEqual([sentence])
  expect(await said(-600)).toEqual([sentence.replace('ahead of', 'behind')])
  expect(await said(2)).toEqual([])
})

test('a clock that is set back while running is seen, once; one that is slow, or set forward, is not', () => {
  const clock = { now: 1_000_000, monotonic: 0 }
  const wasSetBack = createHopWatch(
    () => new Date(clock.now),
    () => clock.monotonic,
  )
  const after = (now: number, monotonic: number) => {
    clock.now += now
    clock.monotonic += monotonic
    return wasSetBack()
  }
  expect(after(10_000, 10_000)).toBe(false)
  expect(after(86_400_000, 10_000)).toBe(false)
  expect(after(-86_400_000, 10_000)).toBe(true)
  expect(after(10_000, 10_000)).toBe(false)
  expect(after(9_000, 10_000)).toBe(false)
})
