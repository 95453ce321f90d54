import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SMOKE_CHECKS, smoke } from '../../app/cli/smoke.ts'
import { ROOT } from '../house/source.ts'
import { openDoctorShop } from './doctor-shop.ts'

let shop: Awaited<ReturnType<typeof openDoctorShop>>
beforeAll(async () => {
  shop = await openDoctorShop()
})
afterAll(() => shop.close())

async function run(args: readonly string[], changed: object = {}) {
  let out = ''
  const terminal = { out: (text: string) => (out += text), error: (text: string) => (out += text) }
  const code = await smoke(args, terminal, { values: { TAGSALE_MODE: 'sandbox', ...shop.values, ...changed } })
  return { code, out }
}

const document = readFileSync(join(ROOT, '.github/ASSUMPTIONS.md'), 'utf8')

test('each check is a line of ASSUMPTIONS.md, and each line there that is walked is a check', () => {
  const lines = [...document.matchAll(/^\| ([SGM]\d+) \|/gm)].map(([, id]) => id)
  expect(lines).toEqual(SMOKE_CHECKS.map(({ id }) => id))
})

test('where an assumption is used is there', () => {
  const files = [...document.matchAll(/\| `([^`]+)` \|$/gm)].map(([, file = '']) => file)
  expect(files.length).toBeGreaterThan(20)
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
})

test('all hold at the stand-ins, and nothing is left behind', async () => {
  const { code, out } = await run(['heron/shop'])
  expect(out.split('\n').filter((line) => line.startsWith('✗'))).toEqual([])
  expect([code, out.match(/^✓ [SGM]\d /gm)?.length]).toEqual([0, SMOKE_CHECKS.length])
  expect((await shop.stripe.webhookEndpoints.list()).data.map(({ id }) => id)).toEqual([shop.firstEndpoint])
  expect((await shop.stripe.checkout.sessions.list({ status: 'open' })).data).toEqual([])
  expect(await shop.branches('heron/shop')).toEqual(['main'])
}, 60_000)

test('what fails is named, the rest is tried, and no secret is printed', async () => {
  const { code, out } = await run(['heron/nowhere'], { SMTP_URL: 'smtp://user:hunter22@127.0.0.1:1' })
  expect(code).toBe(1)
  const failed = [...out.matchAll(/^✗ ([SGM]\d) /gm)].map(([, id]) => id)
  expect(failed).toEqual(['G2', 'G3', 'G4', 'G5', 'M1'])
  expect(out).not.toMatch(/hunter22/)
}, 60_000)

test.each([
  [[], {}, /Name one repository/],
  [['heron/shop'], { STRIPE_SECRET_KEY: 'sk_live_12345678' }, /is a live key/],
  [['heron/shop'], { SMTP_URL: '' }, /SMTP_URL is missing/],
])('refused: %j %j', async (args, changed, said) => {
  expect(await run(args, changed)).toEqual({ code: 2, out: expect.stringMatching(said) })
})
