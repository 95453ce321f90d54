import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../app/store/open.ts'
import { orderNumber, sell } from '../store/sale.ts'
import { newDatabase } from '../support/database.ts'
import { githubWith, openDoctorShop } from './doctor-shop.ts'

let shop: Awaited<ReturnType<typeof openDoctorShop>>
beforeAll(async () => {
  shop = await openDoctorShop()
})
afterAll(() => shop.close())

/** The lines about faults, with what to do below each. */
async function faultsOf(changed: object = {}, options: { now?: () => Date } = {}): Promise<string[]> {
  const { code, out } = await shop.examine(changed, options)
  const lines = out.split('\n')
  const faults = lines.flatMap((line, at) => (line.startsWith('✗') ? [line, (lines[at + 1] ?? '').trim()] : []))
  expect(code).toBe(faults.length > 0 ? 1 : 0)
  for (const secret of secretsOf({ ...shop.values, ...changed })) expect(out).not.toContain(secret)
  return faults
}

const secretsOf = (values: Record<string, unknown>) =>
  ['LINK_SECRET', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'GITHUB_PRIVATE_KEY', 'GITHUB_WEBHOOK_SECRET']
    .map((name) => values[name])
    .filter((value): value is string => typeof value === 'string' && value.length > 0)

test('all is well, and said so', async () => {
  expect(await shop.examine()).toEqual({
    code: 0,
    out: [
      '✓ Settings: complete',
      `✓ Mail: ${new URL(shop.values.SMTP_URL).host} takes mail from here`,
      `✓ Store: ${shop.values.DATA_FOLDER} is empty, and will be filled at the first start`,
      '✓ Files for sale: all 3 are in their releases',
      '✓ GitHub App: tagsale answers to its key',
      '✓ Permissions: what the shop needs, and no more',
      '✓ Installation: heron/goods: installed',
      '✓ Privacy: heron/goods: private',
      '· Branch rules: not looked at: SHOP_REPOSITORY is not set',
      `✓ Webhook address: ${shop.hook.url}`,
      '· Webhook deliveries: GitHub has delivered nothing yet',
      '· Ledger: off: LEDGER_REPOSITORY is not set',
      '✓ Stripe key: a test key: no money moves',
      `✓ Stripe webhook: ${shop.values.SHOP_URL}/webhooks/stripe, ${Stripe.API_VERSION}`,
      '✓ Webhook secret: the shop takes what is signed, and refuses what is not',
      '✓ Stripe secret: the shop takes what is signed, and refuses what is not',
      `✓ Storefront: ${shop.values.SHOP_URL} answers`,
      '✓ Proxy: no unknown one',
      '✓ Running shop: ready',
      '✓ Clock: right within a minute',
      '',
      'All is well.',
      '',
    ].join('\n'),
  })
})

test('a proxy that nobody named, and what the running shop says is wrong around it, are faults', async () => {
  shop.answers.ready = 'ready\nThe clock is 700 seconds ahead.'
  const { out } = await shop.examine({ SHOP_URL: 'https://127.0.0.1:9' })
  expect(out).toContain('✗ Proxy: buyers come by a proxy that TRUSTED_PROXIES does not name')
  const named = await shop.examine({ SHOP_URL: 'https://127.0.0.1:9', TRUSTED_PROXIES: '127.0.0.1' })
  expect(named.out).toContain('✓ Proxy')
  expect((await shop.examine()).out).toContain('✗ Running shop: The clock is 700 seconds ahead.')
  delete shop.answers.ready
})

test('for programs it is JSON', async () => {
  const { code, out } = await shop.examine({ SMTP_URL: '' }, { args: ['--format', 'json'] })
  const { faults, checks } = JSON.parse(out)
  expect([code, faults, checks.length]).toEqual([1, 1, 20])
  expect(checks[0]).toEqual({
    name: 'Settings',
    findings: [
      {
        state: 'fault',
        what: 'SMTP_URL is missing.',
        mend: 'Set it in the environment or in .env; .env.example says how.',
      },
    ],
  })
  expect(checks[1]).toEqual({ name: 'Mail', findings: [{ state: 'unseen', what: 'not looked at: it needs SMTP_URL' }] })
})

test.each([[['--format', 'xml']], [['--quick']], [['now']]])('a command that is none: %j', async (args) => {
  expect((await shop.examine({}, { args })).code).toBe(2)
})

describe('the ledger', () => {
  const lines = async (repository: string) => {
    const { out } = await shop.examine({ LEDGER_REPOSITORY: repository })
    return out.split('\n').filter((line, at, all) => `${all[at - 1]} ${line}`.includes('Ledger:'))
  }

  test('is where it may be', async () => {
    expect((await lines('heron/ledger'))[0]).toBe('✓ Ledger: heron/ledger is empty, and will be begun')
  })

  test.each([
    [
      'heron/open',
      'heron/open is public, and a ledger says what the shop sells, and how much of it.',
      'Make it private',
    ],
    ['heron/none', 'The GitHub App may not enter heron/none.', 'Install it there'],
  ])('is not in %s', async (repository, why, mend) => {
    expect(await lines(repository)).toEqual([`✗ Ledger: ${why}`, expect.stringContaining(mend)])
  })
})

describe('settings', () => {
  test('each that is missing or malformed has its line, and the rest is looked at all the same', async () => {
    expect(await faultsOf({ LINK_SECRET: 'short', STRIPE_SECRET_KEY: '' })).toEqual([
      '✗ Settings: LINK_SECRET is not right: at least 32 random characters.',
      'Set it in the environment or in .env; .env.example says how.',
      '✗ Settings: STRIPE_SECRET_KEY is missing.',
      'Set it in the environment or in .env; .env.example says how.',
    ])
  })
  test('a mail server that is not there', async () => {
    const SMTP_URL = 'smtp://user:hunter22@127.0.0.1:1'
    expect((await shop.examine({ SMTP_URL })).out).not.toMatch(/user|hunter22/)
    expect(await faultsOf({ SMTP_URL })).toEqual([
      "✗ Mail: 127.0.0.1:1 can't be used: ESOCKET",
      'Look at host and port in SMTP_URL: smtps:// is for 465, smtp:// for 587.',
    ])
  })
  test('a clock that is wrong', async () => {
    const fast = () => new Date(Date.now() + 90_000)
    expect(await faultsOf({}, { now: fast })).toEqual([
      expect.stringMatching(/^✗ Clock: this machine is (89|90|91) seconds ahead of 127\.0\.0\.1:\d+$/),
      'Set its clock, and keep it set (NTP).',
    ])
  })
})

describe('the store', () => {
  const onFailure = (error: Error) => {
    throw error
  }
  const log = { warn: () => {} }
  test('is looked at while a shop runs, and when it is closed', async () => {
    const DATA_FOLDER = join(shop.folder, 'used')
    const store = await openStore({ DATA_FOLDER, STORE_KEY: 'k'.repeat(32) }, { log, onFailure })
    await sell(store, orderNumber(1))
    expect((await shop.examine({ DATA_FOLDER })).out).toContain(`✓ Store: ${DATA_FOLDER} opens: 2 facts`)
    await sell(store, orderNumber(2))
    await store.close()
    expect((await shop.examine({ DATA_FOLDER })).out).toContain(`✓ Store: ${DATA_FOLDER} opens: 4 facts`)
  })
  test('in a database is reached, with tables or without', async () => {
    const DATABASE_URL = await newDatabase()
    const said = async () => (await shop.examine({ DATABASE_URL })).out
    expect(await said()).toContain('is empty, and will be filled at the first start')
    const store = await openStore({ DATA_FOLDER: '', DATABASE_URL, STORE_KEY: 'k'.repeat(32) }, { log, onFailure })
    await store.close()
    expect(await said()).toMatch(/✓ Store: the database \w+ opens: 0 facts/)
    expect(await faultsOf({ DATABASE_URL: 'postgres://127.0.0.1:1/shop' })).toEqual([
      expect.stringMatching(/^✗ Store: The database at DATABASE_URL can't be used: /),
      'Nothing was changed. `npx tagsale store check` looks closer.',
    ])
  })
  test('that is damaged', async () => {
    const DATA_FOLDER = join(shop.folder, 'damaged')
    await mkdir(join(DATA_FOLDER, 'store'), { recursive: true })
    await writeFile(join(DATA_FOLDER, 'store/shop.sqlite'), 'no database')
    expect(await faultsOf({ DATA_FOLDER })).toEqual([
      expect.stringMatching(/^✗ Store: .*damaged\/store\/shop\.sqlite is damaged: file is not a database\./),
      'Nothing was changed. `npx tagsale store check` looks closer.',
    ])
    expect(await readdir(DATA_FOLDER)).toEqual(['store'])
  })
  test('that can not be written', async () => {
    await writeFile(join(shop.folder, 'file'), '')
    expect(await faultsOf({ DATA_FOLDER: join(shop.folder, 'file/data') })).toEqual([
      `✗ Store: ${join(shop.folder, 'file')} can't be written`,
      'Let the shop write there, or choose another DATA_FOLDER.',
    ])
  })
})

describe('GitHub', () => {
  async function faultsAt(app: object, changed: object = {}, files?: string[]): Promise<string[]> {
    const github = await githubWith({ webhook: shop.hook, ...app }, files)
    try {
      return await faultsOf({ GITHUB_API_URL: github.url, GITHUB_PRIVATE_KEY: github.privateKey, ...changed })
    } finally {
      await github.close()
    }
  }
  const PERMISSIONS = {
    metadata: 'read',
    contents: 'write',
    checks: 'write',
    pull_requests: 'write',
    issues: 'write',
    merge_queues: 'read',
  }
  const EVENTS = [
    'check_run',
    'check_suite',
    'issue_comment',
    'merge_group',
    'pull_request',
    'pull_request_review',
    'push',
    'release',
    'repository',
  ]

  test.each([
    [
      'of another App',
      { GITHUB_APP_ID: 8 },
      'GitHub does not take the key of this App',
      "Make a new private key in the App's settings on GitHub, and see that GITHUB_APP_ID is its number.",
    ],
    [
      'that is none',
      { GITHUB_PRIVATE_KEY: '-----BEGIN RSA PRIVATE KEY-----' },
      "The GitHub App's private key can't be read: it must be the PEM file that GitHub gave. (ERR_OSSL_UNSUPPORTED)",
      "Put the App's private key (PEM, or that in base64) into GITHUB_PRIVATE_KEY.",
    ],
  ])('a key %s is said once', async (_, changed, said, mend) => {
    expect(await faultsOf(changed)).toEqual([`✗ GitHub App: ${said}`, mend])
    const { out } = await shop.examine(changed)
    expect(out.match(/^· .*: not looked at: see GitHub App$/gm)).toHaveLength(7)
  })
  test('settings that are missing are the setup page’s to find', async () => {
    expect(await faultsOf({ GITHUB_APP_ID: '' })).toEqual([
      '✗ Settings: GITHUB_APP_ID is missing.',
      'Start the shop: its setup page registers the App, and sets this.',
    ])
  })
  test('permissions and events that are missing, and a permission too many', async () => {
    const permissions = { ...PERMISSIONS, checks: 'read', administration: 'write' }
    expect(await faultsAt({ permissions, events: EVENTS.slice(2) })).toEqual([
      '✗ Permissions: the App lacks checks: write',
      "Grant it in the App's settings on GitHub, and accept it where it is installed.",
      '✗ Permissions: the App is not told of check_run, check_suite',
      'Subscribe to it in the App\'s settings on GitHub, under "Permissions & events".',
      '✗ Permissions: the App may do more than it needs: administration: write',
      'Take it away in the App\'s settings on GitHub, under "Permissions & events".',
      '✗ Installation: heron/goods: heron has not accepted checks: write',
      expect.stringMatching(/^Accept it: http/),
    ])
  })
  test('a webhook that goes elsewhere', async () => {
    const webhook = { url: 'https://old.example/', secret: shop.hook.secret }
    expect(await faultsAt({ permissions: PERMISSIONS, events: EVENTS, webhook })).toEqual([
      '✗ Webhook address: GitHub sends webhooks to https://old.example/',
      `Make it ${shop.hook.url} in the App's settings on GitHub.`,
    ])
  })
  test('a file that is in no release', async () => {
    expect(
      await faultsAt({ permissions: PERMISSIONS, events: EVENTS }, {}, ['heron-guide.pdf', 'heron-plan.pdf']),
    ).toEqual([
      '✗ Files for sale: guide-epub: heron-guide.epub in release guide-v1 of heron/goods: the release has no such file',
      'Upload it, or mend catalog/assets/guide-epub.yaml.',
    ])
  })
  test('a shop repository that the App is not installed on', async () => {
    const { out } = await shop.examine({ SHOP_REPOSITORY: 'heron/nowhere', CATALOG_FOLDER: '' })
    expect(out).toContain(
      '✗ Installation: heron/nowhere: the App is not installed on it\n    Install it there in the App\'s settings on GitHub, under "Install App".\n',
    )
    expect(out).toContain("· Files for sale: the catalog of heron/nowhere can't be read: see Installation\n")
  })
  test('a name that is not found is DNS’s, and not GitHub’s', async () => {
    expect(await faultsOf({ GITHUB_API_URL: 'http://github.invalid' })).toEqual([
      expect.stringMatching(/^✗ GitHub App: GitHub can't be reached: .*\(DNS\): E\w+$/),
      'Look at the network of this machine, its DNS first, and at GITHUB_API_URL.',
    ])
    const { out } = await shop.examine({ STRIPE_API_URL: 'http://stripe.invalid' })
    expect(out).toMatch(/✗ Stripe key: Stripe gives no answer: .*\(DNS\): E\w+\n/)
  })
  test('files for sale in a public repository', async () => {
    const app = { webhook: shop.hook, permissions: PERMISSIONS, events: EVENTS }
    const github = await githubWith(app, undefined, false)
    const told = await faultsOf({ GITHUB_API_URL: github.url, GITHUB_PRIVATE_KEY: github.privateKey })
    await github.close()
    expect(told).toEqual([
      '✗ Privacy: heron/goods is public: its files are free for all',
      'Make it private, in its settings on GitHub.',
    ])
  })
  test('a default branch that takes changes without the check', async () => {
    const SHOP_REPOSITORY = 'heron/shop'
    expect((await faultsOf({ SHOP_REPOSITORY }))[0]).toBe(
      '✗ Branch rules: heron/shop: main takes changes without the check Tagsale',
    )
  })
  test('a catalog with mistakes', async () => {
    expect(await faultsOf({ CATALOG_FOLDER: 'test/fixtures/bad-catalogs/tab' })).toEqual([
      '✗ Files for sale: the catalog of test/fixtures/bad-catalogs/tab has 2 problems',
      'npx tagsale check shows them, and how to mend them.',
    ])
  })
})

describe('the address of the shop', () => {
  test.each([
    [{ webhook: 404 }, 'answers 404', 'Look whether the proxy passes it on to the shop, whole and unchanged.'],
    [
      { webhook: 204 },
      'answers 204 to a forged webhook',
      'Something else than the shop answers there: look at the proxy.',
    ],
  ])('webhooks: %j', async (worse, said, mend) => {
    expect(await whileItAnswers(worse)).toEqual([`✗ Webhook secret: ${shop.hook.url} ${said}`, mend])
  })
  test('another secret than the running shop has', async () => {
    expect(await whileItAnswers({ secret: randomBytes(16).toString('hex') })).toEqual([
      '✗ Webhook secret: the running shop has another secret',
      'Start the shop again, with the GITHUB_WEBHOOK_SECRET that is set here.',
    ])
  })
  test.each([
    [{ page: 503 }, 'is still being prepared', "Wait a moment; if it stays so, look at the shop's log."],
    [
      { page: 404 },
      'answers 404 with text/html; charset=utf-8',
      'Look whether the proxy leads to the shop, and at SHOP_URL and STOREFRONT_URL.',
    ],
    [
      { type: 'text/plain' },
      'answers 200 with text/plain',
      'Look whether the proxy leads to the shop, and at SHOP_URL and STOREFRONT_URL.',
    ],
  ])('the storefront: %j', async (worse, said, mend) => {
    expect(await whileItAnswers(worse)).toEqual([`✗ Storefront: ${shop.values.SHOP_URL} ${said}`, mend])
  })
  test('nobody there', async () => {
    const { out } = await shop.examine({ STOREFRONT_URL: 'http://127.0.0.1:1' })
    expect(out).toMatch(
      /✗ Storefront: http:\/\/127\.0\.0\.1:1 can't be reached: .*\n {4}Start the shop; look at name, certificate and proxy\./,
    )
  })

  async function whileItAnswers(worse: object): Promise<string[]> {
    const before = { ...shop.answers }
    Object.assign(shop.answers, worse)
    try {
      return await faultsOf()
    } finally {
      for (const name of Object.keys(shop.answers)) Reflect.deleteProperty(shop.answers, name)
      Object.assign(shop.answers, before)
    }
  }
})

describe('Stripe', () => {
  test('a key that Stripe does not take', async () => {
    const { out } = await shop.examine({ STRIPE_SECRET_KEY: 'sk_live_12345678' })
    expect(out).toContain(
      '✗ Stripe key: Stripe does not take the key\n    Make another: https://dashboard.stripe.com/apikeys\n',
    )
    expect(out).toContain('· Stripe webhook: not looked at: see Stripe key\n')
  })
  test('another signing secret than the running shop has', async () => {
    const other = `whsec_${randomBytes(16).toString('hex')}`
    expect(await faultsOf({ STRIPE_WEBHOOK_SECRET: `${shop.values.STRIPE_WEBHOOK_SECRET},${other}` })).toEqual([
      '✗ Stripe secret: the running shop has another secret',
      'Start the shop again, with the STRIPE_WEBHOOK_SECRET that is set here.',
    ])
  })
  test('an endpoint that hears too little, in another version; two of them; none', async () => {
    const wanted = `${shop.values.SHOP_URL}/webhooks/stripe`
    await shop.stripe.webhookEndpoints.del(shop.firstEndpoint)
    expect(await faultsOf()).toEqual([
      `✗ Stripe webhook: no endpoint for ${wanted}`,
      `\`tagsale doctor --fix\` makes it. Or by hand, in API version ${Stripe.API_VERSION}: https://dashboard.stripe.com/webhooks. Its secret goes into STRIPE_WEBHOOK_SECRET.`,
    ])
    expect((await shop.examine({}, { args: ['--fix'] })).out).toMatch(/^Stripe's webhook endpoint is made; .*\n/)
    const [made, ...others] = (await shop.stripe.webhookEndpoints.list()).data
    expect([made?.url, made?.api_version, others]).toEqual([wanted, Stripe.API_VERSION, []])
    expect(parseEnv(await readFile(join(shop.folder, '.env'), 'utf8'))).toEqual({
      STRIPE_WEBHOOK_SECRET: expect.stringMatching(/^whsec_/),
    })
    await shop.examine({}, { args: ['--fix'] })
    expect((await shop.stripe.webhookEndpoints.list()).data).toHaveLength(1)
    await shop.stripe.webhookEndpoints.del(made?.id ?? '')
    const deaf = await shop.endpoint({ enabled_events: ['checkout.session.completed'], api_version: '2020-08-27' })
    const found = await faultsOf()
    expect(found[0]).toMatch(
      /^✗ Stripe webhook: the endpoint is not told of checkout\.session\.async_payment_succeeded, /,
    )
    expect(found.slice(2)).toEqual([
      '✗ Stripe webhook: the endpoint speaks version 2020-08-27',
      `Make one with version ${Stripe.API_VERSION}, and remove this one.`,
    ])
    await shop.stripe.webhookEndpoints.del(deaf.id)
    await shop.endpoint()
    await shop.endpoint()
    expect(await faultsOf()).toEqual([
      `✗ Stripe webhook: 2 endpoints for ${wanted}`,
      'Remove all but one: https://dashboard.stripe.com/webhooks',
    ])
  })
})
