import { afterEach, describe, expect, test, vi } from 'vitest'
import { ConfigError, parseConfig, readConfig, VARIABLES } from '../app/config.ts'
import { connectMail } from '../app/mail/send.ts'
import { readSettings } from '../sandbox/process/settings.ts'
import { SETTINGS } from './http/open-api.ts'

/** What is wrong with settings, sentence by sentence; nothing when all is well. */
function problemsOf(changes: object, mode = 'live'): readonly string[] {
  try {
    parseConfig({ ...SETTINGS, TAGSALE_MODE: mode, ...changes })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

test('with what is needed and nothing else, the rest is as documented', () => {
  expect(parseConfig(SETTINGS)).toEqual({
    ...SETTINGS,
    TAGSALE_ROLES: ['web', 'webhooks', 'downloads', 'worker'],
    PORT: 3000,
    HOST: '0.0.0.0',
    STOREFRONT_URL: 'https://shop.example.org',
    TRUSTED_PROXIES: 0,
    DATA_FOLDER: '.tagsale/live',
    STRIPE_WEBHOOK_SECRET: ['whsec_0123456789'],
    STRIPE_API_URL: 'https://api.stripe.com',
    GITHUB_APP_ID: 7,
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_URL: 'https://github.com',
    CHECKOUTS_PER_MINUTE: 300,
    CHECKOUTS_PER_MINUTE_PER_ADDRESS: 10,
    UNPAID_PIECES_PER_ADDRESS: 3,
    LOG_LEVEL: 'info',
    TAGSALE_MODE: 'live',
  })
})

test('everything that is missing is named at once, one sentence each', () => {
  const none = Object.fromEntries(VARIABLES.map((name) => [name, undefined]))
  expect(problemsOf(none)).toEqual(Object.keys(SETTINGS).map((name) => `${name} is missing.`))
  const empty = Object.fromEntries(VARIABLES.map((name) => [name, '']))
  expect(problemsOf(empty)).toEqual(problemsOf(none))
})

test('everything that is malformed is named at once, in the same words as alone', () => {
  const bad = { SHOP_URL: 'shop', MAIL_FROM: 'shop', SMTP_URL: 'https://mail.example.org', LOG_LEVEL: undefined }
  expect(problemsOf(bad)).toEqual([
    'SHOP_URL is not right: an address such as https://shop.example.org.',
    'SMTP_URL is not right: an address such as smtps://user:password@mail.example.org.',
    'MAIL_FROM is not right: a sender such as "Tern Shop <shop@example.org>".',
  ])
})

const PROXIES = 'how many (0 to 10), or addresses and networks such as 10.0.0.0/8, with commas between'

test('what is wrong together is named in the same round as what is wrong by itself', () => {
  const bad = { SHOP_URL: 'http://shop.example.org', STRIPE_API_URL: 'http://127.0.0.1:4000', MAIL_FROM: '' }
  expect(problemsOf({ ...bad, TAGSALE_ROLES: 'web' })).toEqual([
    'MAIL_FROM is missing.',
    'TAGSALE_ROLES leaves work to other processes, and those share a database: set DATABASE_URL as well.',
    "STRIPE_API_URL is a stand-in's address; a live shop talks to https://api.stripe.com. Leave it out.",
    'SHOP_URL must begin with https://: buyers give their address there.',
  ])
  expect(problemsOf({ TAGSALE_ROLES: 'web', DATABASE_URL: 'mysql://db' })).toHaveLength(1)
  expect(problemsOf({ STRIPE_SECRET_KEY: 'sk_live_0123456789', MAIL_FROM: '' }, 'sandbox')).toHaveLength(2)
})

test.each([
  ['PORT', 'http', 'a whole number from 0 to 65535'],
  ['PORT', '3000.5', 'a whole number from 0 to 65535'],
  ['PORT', '-0.5', 'a whole number from 0 to 65535'],
  ['PORT', '70000', 'a whole number from 0 to 65535'],
  ['SHOP_URL', 'shop.example.org', 'an address such as https://shop.example.org'],
  ['SHOP_URL', 'ftp://shop.example.org', 'an address such as https://shop.example.org'],
  ['LINK_SECRET', 'short', 'at least 32 random characters'],
  ['STRIPE_SECRET_KEY', 'pk_live_0123456789', 'a key of Stripe: rk_live_…, or rk_test_… to try'],
  ['STRIPE_WEBHOOK_SECRET', 'development', 'one or more whsec_…, with commas between'],
  ['STRIPE_WEBHOOK_SECRET', ' ', 'one or more whsec_…, with commas between'],
  ['STRIPE_WEBHOOK_SECRET', 'whsec_', 'one or more whsec_…, with commas between'],
  ['STRIPE_WEBHOOK_SECRET', 'whsec_0123456789,', 'one or more whsec_…, with commas between'],
  ['GITHUB_APP_ID', 'my-app', 'a whole number from 1 on'],
  ['GITHUB_PRIVATE_KEY', 'abc', "the App's private key (PEM), as it is or in base64"],
  ['GITHUB_CLIENT_ID', 'Iv23', "the App's client ID, such as Iv23li…"],
  ['GITHUB_CLIENT_SECRET', 'short', "a client secret of the App's"],
  ['SMTP_URL', 'mail.example.org', 'an address such as smtps://user:password@mail.example.org'],
  ['METRICS_TOKEN', 'short', 'at least 16 random characters'],
  ['TRUSTED_PROXIES', '11', PROXIES],
  ['TRUSTED_PROXIES', '-1', PROXIES],
  ['TRUSTED_PROXIES', '10.0.0.0/33', PROXIES],
  ['TRUSTED_PROXIES', '10.0.0.0/', PROXIES],
  ['TRUSTED_PROXIES', '10.0.0.1,proxy.example.org', PROXIES],
  ['CHECKOUTS_PER_MINUTE', '0', 'a whole number from 1 to 1000000'],
  ['LOG_LEVEL', 'loud', expect.stringContaining('"info"')],
] as [string, string, string][])('%s can not be %j', (name, value, what) => {
  const problems = problemsOf({ [name]: value })
  expect(problems).toHaveLength(1)
  expect(/^(\w+) is not right: (.*)\.$/.exec(problems[0] ?? '')?.slice(1)).toEqual([name, what])
})

describe('what a process does', () => {
  const DATABASE_URL = 'postgres://localhost/shop'
  test('is a list, in any order', () => {
    const { TAGSALE_ROLES } = parseConfig({ ...SETTINGS, DATABASE_URL, TAGSALE_ROLES: 'worker, web' })
    expect(TAGSALE_ROLES).toEqual(['worker', 'web'])
  })
  test.each(['', ' ', 'web,', 'web worker', 'Web', 'web,mail'])('is not %j', (roles) => {
    const problems = problemsOf({ DATABASE_URL, TAGSALE_ROLES: roles })
    const words = 'one or more of web, webhooks, downloads, worker, with commas between'
    expect(problems).toEqual(roles === '' ? [] : [`TAGSALE_ROLES is not right: ${words}.`])
  })
  test.each(['live', 'sandbox'])('is everything where no other process can see the work (%s)', (mode) => {
    const settings = mode === 'sandbox' ? { STRIPE_SECRET_KEY: 'sk_test_12345678' } : {}
    expect(problemsOf({ ...settings, TAGSALE_ROLES: 'web,worker' }, mode)).toEqual([
      'TAGSALE_ROLES leaves work to other processes, and those share a database: set DATABASE_URL as well.',
    ])
    expect(problemsOf({ ...settings, TAGSALE_ROLES: 'worker,downloads,webhooks,web' }, mode)).toEqual([])
  })
})

test('the client ID and its secret are there together, or not at all', () => {
  const [GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET] = ['Iv23li0123456789', 'a'.repeat(40)]
  expect(problemsOf({ GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET })).toEqual([])
  for (const one of [{ GITHUB_CLIENT_ID }, { GITHUB_CLIENT_SECRET }])
    expect(problemsOf(one)).toEqual([expect.stringContaining('belong together')])
})

describe('live money and stand-ins never meet', () => {
  test.each(['sk_live_0123456789', 'rk_live_0123456789'])('a sandbox takes no %s', (STRIPE_SECRET_KEY) => {
    const standIns = { STRIPE_SECRET_KEY, STRIPE_API_URL: 'http://127.0.0.1:4000' }
    expect(problemsOf(standIns, 'sandbox')).toEqual(['STRIPE_SECRET_KEY is a live key; the sandbox takes none.'])
    expect(problemsOf({ STRIPE_SECRET_KEY })).toEqual([])
  })
  test.each([
    [
      'STRIPE_API_URL',
      'http://127.0.0.1:4000',
      "is a stand-in's address; a live shop talks to https://api.stripe.com.",
    ],
    ['STRIPE_API_URL', 'https://api.stripe.com.evil.example', "is a stand-in's address"],
    ['GITHUB_API_URL', 'http://127.0.0.1:4001', "is a stand-in's address; a live shop talks to GitHub over https."],
    ['GITHUB_URL', 'http://127.0.0.1:4001', "is a stand-in's address; a live shop sends people to GitHub over https."],
    ['SHOP_URL', 'http://shop.example.org', 'must begin with https://: buyers give their address there.'],
    ['SHOP_URL', 'http://localhost.evil.example', 'must begin with https://'],
  ])('a live shop takes no %s %s', (name, value, what) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name} ${what}`)])
    expect(problemsOf({ [name]: value }, 'sandbox')).toEqual([])
  })
  test('a live shop may be tried on this machine', () => {
    expect(problemsOf({ SHOP_URL: 'http://localhost:3000' })).toEqual([])
  })
})

test('a slash at the end of an address is left out', () => {
  const { SHOP_URL, STOREFRONT_URL } = parseConfig({
    ...SETTINGS,
    SHOP_URL: 'https://shop.example.org//',
    STOREFRONT_URL: 'https://heron.github.io/shop/',
  })
  expect([SHOP_URL, STOREFRONT_URL]).toEqual(['https://shop.example.org', 'https://heron.github.io/shop'])
})

test('two webhook secrets are valid while one is rolled', () => {
  const { STRIPE_WEBHOOK_SECRET } = parseConfig({
    ...SETTINGS,
    STRIPE_WEBHOOK_SECRET: 'whsec_0123456789, whsec_9876543210',
  })
  expect(STRIPE_WEBHOOK_SECRET).toEqual(['whsec_0123456789', 'whsec_9876543210'])
})

test('the private key may come in base64, for places that take one line', () => {
  const GITHUB_PRIVATE_KEY = Buffer.from(SETTINGS.GITHUB_PRIVATE_KEY).toString('base64')
  expect(parseConfig({ ...SETTINGS, GITHUB_PRIVATE_KEY }).GITHUB_PRIVATE_KEY).toBe(SETTINGS.GITHUB_PRIVATE_KEY)
})

test('any free port is 0, as a number too', () => {
  expect(parseConfig({ ...SETTINGS, PORT: 0 }).PORT).toBe(0)
})

describe('a sender', () => {
  test.each(['shop@example.org', 'Shop <shop@example.org>', '"Shop, Ltd" <a.b+c@mail.example.org>', 'Läden <x@y>'])(
    'may be %s, and the mail code takes it too',
    (MAIL_FROM) => {
      expect(problemsOf({ MAIL_FROM })).toEqual([])
      connectMail({ url: 'smtp://127.0.0.1:1', from: MAIL_FROM }).close()
    },
  )
  test.each([
    'shop',
    'Shop shop@example.org',
    'Shop <shop@example.org',
    'shop@example.org>',
    'a@b@c',
    'shop@exam_ple.org',
    'Shop\r\nBcc: x@y <shop@example.org>',
    '<>',
  ])('can not be %j', (MAIL_FROM) => {
    expect(problemsOf({ MAIL_FROM })).toEqual([
      'MAIL_FROM is not right: a sender such as "Tern Shop <shop@example.org>".',
    ])
  })
})

describe('from the environment', () => {
  afterEach(() => vi.unstubAllEnvs())
  const setAll = (values: object) => {
    for (const name of VARIABLES) vi.stubEnv(name, undefined)
    for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value)
  }
  test('a live shop is read, with every fault in the message', () => {
    setAll(SETTINGS)
    expect(readConfig().TAGSALE_MODE).toBe('live')
    setAll({ ...SETTINGS, SHOP_URL: '', PORT: 'x' })
    expect(readConfig).toThrow('PORT is not right: a whole number from 0 to 65535.\nSHOP_URL is missing.')
  })
  test('a sandbox takes its port and how much it logs, and nothing else', () => {
    setAll({})
    expect(readSettings()).toMatchObject({ PORT: 3000, LOG_LEVEL: 'warn' })
    setAll({ PORT: '0', LOG_LEVEL: 'debug', STRIPE_SECRET_KEY: 'sk_live_0123456789' })
    expect(readSettings()).toEqual({ PORT: 0, LOG_LEVEL: 'debug', isRunByNpm: expect.any(Boolean) })
    setAll({ PORT: 'x' })
    expect(readSettings).toThrow('PORT is not right: a whole number from 0 to 65535.')
  })
})
