import { expect, test } from 'vitest'
import {
  BUYERS_RESERVE,
  CHECKS_PER_HOUR_MAX,
  createBudget,
  type GitHubBusyError,
  limitSeconds,
  SHOP_RESERVE,
} from '../../app/github/busy.ts'
import { KEYS_COUNTED_MAX, memoryLimiter } from '../../app/store/limits.ts'

const now = () => new Date('2026-11-22T12:00:00Z')
const refusal = (status: number, headers: Record<string, string> = {}, message = 'Forbidden') =>
  Object.assign(new Error(message), { status, response: { headers } })

test('writes are counted for each owner, reads are not', async () => {
  const budget = createBudget(now, memoryLimiter, 2, 100)
  for (const isWrite of [true, false, true, false]) await budget.spend('tern', isWrite)
  await expect(budget.spend('tern', true)).rejects.toMatchObject({ retryAfterSeconds: expect.any(Number) })
  await budget.spend('tern', false)
  await budget.spend('heron', true)
})

test('the hour has its own limit', async () => {
  const budget = createBudget(now, memoryLimiter, 100, 2)
  for (const n of [1, 2]) await budget.spend(`tern${n > 2 ? n : ''}`, true)
  const refused = await budget.spend('tern', true).catch((error: unknown) => error)
  expect((refused as GitHubBusyError).retryAfterSeconds).toBeGreaterThan(3000)
})

test('when GitHub limits us, everything waits for as long as it says', async () => {
  let ms = now().getTime()
  const budget = createBudget(() => new Date(ms))
  expect(budget.learn(refusal(403, { 'retry-after': '30' }))).toMatchObject({ retryAfterSeconds: 30 })
  await expect(budget.spend('tern', false)).rejects.toMatchObject({ retryAfterSeconds: 30 })
  ms += 30_000
  await budget.spend('tern', true)
})

test.each([
  [refusal(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${now().getTime() / 1000 + 90}` }), 90],
  [refusal(429), 60],
  [refusal(403, {}, 'You have exceeded a secondary rate limit.'), 60],
])('a limit is known by its headers, its status or its words', (error, seconds) => {
  expect(createBudget(now).learn(error)).toMatchObject({ retryAfterSeconds: seconds })
})

test.each([refusal(403), refusal(404), refusal(502, { 'retry-after': '5' })])(
  'other refusals stay what they are',
  (error) => {
    expect(createBudget(now).learn(error)).toBe(error)
  },
)

const left = (remaining: number, resource = 'core') => ({
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(now().getTime() / 1000 + 1200),
  'x-ratelimit-resource': resource,
})

test('checks stop while buyers and the shop have calls left, the shop while buyers have; other owners go on', async () => {
  let ms = now().getTime()
  const budget = createBudget(() => new Date(ms))
  const check = () => budget.spend('tern', false, 'checks')
  const work = () => budget.spend('tern', false)
  budget.note('tern', left(SHOP_RESERVE))
  await check()
  budget.note('tern', left(SHOP_RESERVE - 1))
  await expect(check()).rejects.toMatchObject({ retryAfterSeconds: 1200 })
  await work()
  budget.note('tern', left(10, 'graphql'))
  await work()
  budget.note('tern', left(BUYERS_RESERVE - 1))
  await expect(work()).rejects.toMatchObject({ retryAfterSeconds: 1200 })
  await budget.spend('heron', false, 'checks')
  ms += 1_200_000
  await work()
  await check()
})

test('checks have an hourly number of calls of their own', async () => {
  const budget = createBudget(now)
  for (let call = 0; call < CHECKS_PER_HOUR_MAX; call += 1) await budget.spend('tern', false, 'checks')
  await expect(budget.spend('tern', false, 'checks')).rejects.toMatchObject({ retryAfterSeconds: 3600 })
  await budget.spend('tern', false)
})

test('no header, no limit', () => {
  expect(limitSeconds({ 'x-ratelimit-remaining': '12' }, now())).toBeUndefined()
})

test('counting strangers takes bounded memory: those that asked longest ago are forgotten, and who goes on asking is not', async () => {
  const count = memoryLimiter({ name: 'tries', points: 1, seconds: 86_400 })
  await count('old')
  for (let n = 0; n < KEYS_COUNTED_MAX; n += 1) {
    await count(`stranger ${n}`)
    if (n % 10_000 === 0) await count('busy')
  }
  expect(await count('old')).toBe(0)
  expect(await count('busy')).toBeGreaterThan(86_000)
})
