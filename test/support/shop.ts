import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApp, openParts } from '../../app/app.ts'
import { parseConfig } from '../../app/config.ts'
import { claimDueJobs, dispatch } from '../../app/dispatch.ts'
import type { Permissions } from '../../app/github/client.ts'
import { listen } from '../../app/http/server.ts'
import { STRIPE_EVENTS } from '../../app/intake.ts'
import { QUEUES, type Queue } from '../../app/job/queue.ts'
import { startLedger } from '../../app/ledger/write.ts'
import { startFollowing } from '../../app/live/live-shop.ts'
import type { Parts } from '../../app/parts.ts'
import { refreshShop } from '../../app/repository/refresh.ts'
import { startRepositoryWork } from '../../app/repository/sweep.ts'
import { startForgetting } from '../../app/store/maintenance/forget.ts'
import { openStore } from '../../app/store/open.ts'
import { connectStripe } from '../../app/stripe/client.ts'
import { startTakingIn } from '../../app/take-in.ts'
import { loadCatalog } from '../../catalog/load.ts'
import { startMail } from '../../sandbox/mail.ts'
import { startStripe } from '../../sandbox/stripe.ts'
import { control } from './control.ts'
import { newDatabase } from './database.ts'
import { FILES } from './files.ts'
import { openGitHub } from './github.ts'
import { anyPort } from './port.ts'

export const FIXTURE_CATALOG = new URL('../fixtures/catalog', import.meta.url).pathname

type Files = Record<string, string | Uint8Array>

/**
 * A shop that follows a repository: the files that it begins with, and what builds its pages, if anything does. With
 * `others`, repositories of the same owner's by name, nobody has said yet which one is the shop.
 */
type Follow = {
  files: Files
  build?: (catalogFolder: string) => Promise<string>
  others?: Record<string, Files>
  /** What the App may do, where it isn't all that it needs. */
  permissions?: Permissions | undefined
}

export const SHOP_REPOSITORY = { owner: 'heron', repo: 'shop' }
const MEMBERS = [
  { login: 'ada', role: 'admin' },
  { login: 'bob', role: 'member' },
] as const
const ROLES = { bob: 'write', rob: 'write' } as const
const WEBHOOK_SECRET = 'the secret of the webhook'

/** `engine` is what keeps the orders; a test run may choose one for all tests that do not. */
type ShopOptions = { storefront?: string; thin?: boolean; follow?: Follow; engine?: Engine; ledger?: true }
export type Engine = 'sqlite' | 'postgres'

/** A whole shop: the real app over the stand-ins, with a clock that a test can move. */
export async function openTestShop(options: ShopOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-flow-'))
  const port = await anyPort()
  const clock = { aheadSeconds: 0 }
  const now = () => new Date(Date.now() + clock.aheadSeconds * 1000)
  const stripeServer = await startStripe({})
  const github = await openGitHub({
    app: {
      id: 7,
      permissions: options.follow?.permissions,
      webhook: { url: `http://127.0.0.1:${port}/webhooks/github`, secret: WEBHOOK_SECRET },
      callbackUrls: [`http://127.0.0.1:${port}/desk/sign-in/callback`],
    },
    now: () => now().getTime(),
    ...(options.follow && {
      users: ['eve'],
      organizations: [{ login: 'heron', email: 'shop@heron.example', members: MEMBERS }],
      repositories: Object.entries({ shop: options.follow.files, ...options.follow.others }).map(([name, files]) => {
        return { name: `heron/${name}`, private: false, files, collaborators: ROLES }
      }),
    }),
    ...(options.ledger && {
      organizations: [{ login: 'heron', email: 'shop@heron.example', members: MEMBERS }],
      repositories: [{ name: 'heron/ledger', files: {} }],
    }),
    releases: Object.entries(FILES).map(([file, bytes]) => ({
      repository: 'heron/goods',
      tag: 'guide-v1',
      file,
      bytes,
    })),
  })
  const mail = await startMail({})
  const url = `http://127.0.0.1:${port}`
  const stripe = connectStripe({ STRIPE_SECRET_KEY: stripeServer.key, STRIPE_API_URL: stripeServer.url })
  const endpoint = await stripe.webhookEndpoints.create({
    url: `${url}/webhooks/stripe`,
    enabled_events: [...STRIPE_EVENTS],
  })
  if (options.thin) await control(stripeServer.url, `endpoints/${endpoint.id}`, { thin: true })
  const config = parseConfig({
    TAGSALE_MODE: 'sandbox',
    PORT: port,
    HOST: '127.0.0.1',
    SHOP_URL: url,
    LINK_SECRET: randomBytes(32).toString('hex'),
    STORE_KEY: randomBytes(32).toString('hex'),
    ...((options.engine ?? process.env['TEST_STORE']) === 'postgres' && { DATABASE_URL: await newDatabase() }),
    STRIPE_SECRET_KEY: stripeServer.key,
    STRIPE_WEBHOOK_SECRET: endpoint.secret,
    STRIPE_API_URL: stripeServer.url,
    GITHUB_APP_ID: 7,
    GITHUB_PRIVATE_KEY: github.privateKey,
    GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    GITHUB_CLIENT_ID: github.client.id,
    GITHUB_CLIENT_SECRET: github.client.secret,
    GITHUB_API_URL: github.url,
    GITHUB_URL: github.url,
    DATA_FOLDER: folder,
    ...(!options.follow && { CATALOG_FOLDER: FIXTURE_CATALOG }),
    ...(options.follow && !options.follow.others && { SHOP_REPOSITORY: 'heron/shop' }),
    ...(options.ledger && { LEDGER_REPOSITORY: 'heron/ledger' }),
    SMTP_URL: mail.smtpUrl,
    MAIL_FROM: 'Heron Shop <shop@heron.example.org>',
    CHECKOUTS_PER_MINUTE: 100_000,
    CHECKOUTS_PER_MINUTE_PER_ADDRESS: 100_000,
    UNPAID_PIECES_PER_ADDRESS: 100_000,
  })
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })

  let running = await open()
  async function open() {
    const onFailure = (error: Error) => {
      throw error
    }
    const store = await openStore(config, { log, onFailure, now })
    const build = options.follow?.build ?? (async () => options.storefront ?? '')
    const read = (folder: string) => loadCatalog(folder) // in this thread: a new one for each test takes long
    const { parts, close: closeParts } = await openParts(config, { store, log, now, build, read })
    await startTakingIn(parts)
    const following = await startFollowing(parts)
    if (options.follow) await startRepositoryWork(parts)
    else await refreshShop(parts)
    await startLedger(parts)
    await startForgetting(parts)
    const app = createApp(parts)
    if (!options.follow) await workOff(parts)
    const server = await listen(config, app.fetch)
    return { store, parts, app, server, following, closeParts }
  }

  async function close() {
    const closed = new Promise((done) => running.server.close(done))
    running.server.closeAllConnections()
    await closed
    running.following.stop()
    running.closeParts()
    await running.store.close()
  }
  return {
    url,
    clock,
    logged,
    get store() {
      return running.store
    },
    get parts() {
      return running.parts
    },
    stripe: {
      api: stripe,
      url: stripeServer.url,
      control: (path: string, body?: object) => control(stripeServer.url, path, body),
    },
    github,
    mail: {
      control: (path: string, body?: object) => control(mail.url, path, body),
      all: () => fetch(`${mail.url}/_test/mails`).then((answer) => answer.json() as Promise<ReceivedMail[]>),
    },
    work: () => workOff(running.parts),
    /** Stops and starts; what `meanwhile` does, happens to a shop that does not run. */
    async restart(meanwhile: () => Promise<unknown> = async () => {}) {
      await close()
      await meanwhile()
      running = await open()
    },
    async close() {
      await close()
      await Promise.all([stripeServer.close(), github.close(), mail.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Performs jobs until none is due, several of each queue at a time. */
async function workOff(parts: Parts): Promise<void> {
  const workOne = async (queue: Queue) => {
    const jobs = await claimDueJobs(parts, queue, 1)
    for (const job of jobs) await dispatch(parts, job)
    return jobs.length > 0
  }
  const queues = (Object.keys(QUEUES) as Queue[]).flatMap((queue) => [queue, queue, queue, queue])
  while ((await Promise.all(queues.map(workOne))).includes(true));
}

export type TestShop = Awaited<ReturnType<typeof openTestShop>>
export type ReceivedMail = { to: string; subject: string; text: string; html: string; messageId: string }

type CartLine = { price: string; quantity: number; amount?: string }

/** Starts a sale as the cart does. */
export async function checkOut(
  shop: TestShop,
  lines: CartLine[],
  rest: object = {},
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${shop.url}/api/v1/checkouts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ lines, ...rest }),
  })
  const body = (await response.json()) as {
    order: `ord_${string}`
    url: string
    detail: string
    errors: { line: number; detail: string }[]
  }
  return { status: response.status, ...body, session: body.url?.split('/').at(-1) ?? '' }
}

/** Pays on Stripe's page, and gives the address that the buyer is sent back to. */
export async function pay(shop: TestShop, session: string, how: object = { outcome: 'pay' }): Promise<string> {
  await shop.stripe.control(`sessions/${session}/pay`, {
    email: 'mira@example.org',
    name: 'Mira',
    country: 'DE',
    ...how,
  })
  const { success_url } = await shop.stripe.api.checkout.sessions.retrieve(session)
  return (success_url ?? '').replace('{CHECKOUT_SESSION_ID}', session)
}

/** The order as its buyer sees it; `back` is the address that Stripe sends the buyer to. */
export async function readOrder(shop: TestShop, back: string) {
  const query = new URL(back).searchParams
  const order = query.get('order')
  query.delete('order')
  const response = await fetch(`${shop.url}/api/v1/orders/${order}?${query}`)
  return response.json() as Promise<import('../../app/http/buyers/order-view.ts').OrderView>
}
