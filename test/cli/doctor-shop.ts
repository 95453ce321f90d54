import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify } from '@octokit/webhooks-methods'
import { Hono } from 'hono'
import { pino } from 'pino'
import { doctor } from '../../app/cli/doctor.ts'
import { connectGitHub } from '../../app/github/client.ts'
import { STRIPE_EVENTS } from '../../app/intake.ts'
import { readAppDeclaration } from '../../app/setup/manifest.ts'
import { connectStripe } from '../../app/stripe/client.ts'
import { verifyStripeDelivery } from '../../app/stripe/verify.ts'
import { listen } from '../../sandbox/listen.ts'
import { startMail } from '../../sandbox/mail.ts'
import { startStripe } from '../../sandbox/stripe.ts'
import { openGitHub } from '../support/github.ts'

const WEBHOOK_SECRET = 'a secret that only GitHub and the shop know'
const FILES = ['heron-guide.pdf', 'heron-guide.epub', 'heron-plan.pdf']

/** How the address of the shop answers; a test makes it worse. */
export type Answers = {
  secret: string
  stripe: string[]
  webhook?: number
  page?: number
  type: string
  ready?: string
}

/** All that a live shop needs, on this machine and well; `examine` runs the doctor over it, with some settings changed. */
export async function openDoctorShop() {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-doctor-'))
  const answers: Answers = { secret: WEBHOOK_SECRET, stripe: [], type: 'text/html; charset=utf-8' }
  const shop = await listen(addressOf(answers).fetch)
  const stripe = await startStripe({})
  const mail = await startMail({})
  const hook = { url: `${shop.url}/webhooks/github`, secret: WEBHOOK_SECRET }
  const github = await githubWith({ webhook: hook, ...(await readAppDeclaration()) })
  const stripeApi = connectStripe({ STRIPE_SECRET_KEY: stripe.key, STRIPE_API_URL: stripe.url })
  const endpoint = (given: object = {}) =>
    stripeApi.webhookEndpoints.create({
      url: `${shop.url}/webhooks/stripe`,
      enabled_events: [...STRIPE_EVENTS],
      api_version: stripeApi.getApiField('version') as never,
      ...given,
    })
  const first = await endpoint()
  answers.stripe.push(first.secret ?? '')
  const values = {
    SHOP_URL: shop.url,
    LINK_SECRET: randomBytes(32).toString('hex'),
    STORE_KEY: randomBytes(32).toString('hex'),
    CATALOG_FOLDER: 'test/fixtures/catalog',
    DATA_FOLDER: join(folder, 'data'),
    STRIPE_SECRET_KEY: stripe.key,
    STRIPE_WEBHOOK_SECRET: first.secret,
    STRIPE_API_URL: stripe.url,
    GITHUB_APP_ID: github.appId,
    GITHUB_PRIVATE_KEY: github.privateKey,
    GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    GITHUB_API_URL: github.url,
    SMTP_URL: mail.smtpUrl,
    MAIL_FROM: 'Heron Shop <shop@heron.example.org>',
  }
  return {
    folder,
    answers,
    values,
    hook,
    stripe: stripeApi,
    endpoint,
    firstEndpoint: first.id,
    stripeUrl: stripe.url,
    async examine(changed: object = {}, options: { args?: string[]; now?: () => Date } = {}) {
      let out = ''
      const terminal = { out: (text: string) => (out += text), error: (text: string) => (out += text) }
      const { args = [], now } = options
      const envFile = join(folder, '.env')
      const given = { values: { TAGSALE_MODE: 'sandbox', ...values, ...changed }, envFile, ...(now ? { now } : {}) }
      return { code: await doctor(args, terminal, given), out }
    },
    /** The branches of a repository. */
    async branches(name: string) {
      const [owner = '', repo = ''] = name.split('/')
      const { githubApp } = await connectGitHub({
        ...{ appId: github.appId, privateKey: github.privateKey, baseUrl: github.url, log: pino({ level: 'silent' }) },
      })
      const { octokit } = await githubApp.forRepository(name, { contents: 'read', metadata: 'read' })
      return (await octokit.rest.repos.listBranches({ owner, repo })).data.map((branch) => branch.name)
    },
    async close() {
      await Promise.all([shop.close(), stripe.close(), mail.close(), github.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A GitHub with the files that the catalog sells, and an App as it is described. */
export function githubWith(app: object, files: readonly string[] = FILES, isPrivate = true) {
  const release = { repository: 'heron/goods', tag: 'guide-v1' }
  return openGitHub({
    app: { id: 7, ...app },
    repositories: [
      { name: 'heron/ledger', files: {} },
      { name: 'heron/goods', private: isPrivate, files: { 'README.md': '# Goods' } },
      { name: 'heron/open', private: false, files: {} },
      { name: 'heron/shop', private: false, files: { 'README.md': '# Heron' } },
    ],
    releases: files.map((file) => ({ ...release, file, bytes: Buffer.from(file) })),
  })
}

function addressOf(answers: Answers): Hono {
  return new Hono()
    .post('/webhooks/github', async (c) => {
      if (answers.webhook) return c.body(null, answers.webhook as 500)
      const signature = c.req.header('x-hub-signature-256') ?? ''
      return c.body(null, (await verify(answers.secret, await c.req.text(), signature)) ? 204 : 401)
    })
    .get('/readyz', (c) => c.text(answers.ready ?? 'ready'))
    .post('/webhooks/stripe', async (c) => {
      const now = new Date()
      const told = verifyStripeDelivery(answers.stripe, await c.req.text(), c.req.header('stripe-signature'), now)
      return c.body(null, told ? 204 : 400)
    })
    .get('/', (c) => c.body('<!doctype html>', (answers.page ?? 200) as 200, { 'content-type': answers.type }))
}
