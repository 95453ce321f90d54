import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { jobsDue } from '../../job/job.ts'
import { findShopJob, refreshShopJob } from '../../job/repository-jobs.ts'
import { deskUrl, isDeskKey } from '../../link.ts'
import type { Parts } from '../../parts.ts'
import { viewShop } from '../buyers/shop-status.ts'
import type { HttpEnv } from '../context.ts'
import { readStyle } from '../document.ts'
import { addressOf, type Limits } from '../limit.ts'
import { limitBody, problemResponse, Refusal } from '../problem.ts'
import { DESK_STYLE, deskPage, welcomePage } from './desk-page.ts'

const HISTORY_SHOWN_MAX = 20
const CANDIDATES_SHOWN_MAX = 100
const FORM_BYTES_MAX = 4096
const STYLE = new URL('./desk.css', import.meta.url)

const Key = z.string().max(200).openapi({ description: "The secret in the page's address" })
const page = { description: 'A page', content: { 'text/html': { schema: z.string() } } }
const refusals = { 404: problemResponse('Another key'), 429: problemResponse('Too many wrong keys') }

const pageRoute = createRoute({
  method: 'get',
  path: '/desk',
  summary: 'How the shop is: what is live, what was refused, what is to do',
  description: 'Without a key, for those whom GitHub sends here after they installed the App: what happens next.',
  request: { query: z.object({ key: Key.optional() }) },
  responses: { 200: page, ...refusals },
})
const chooseRoute = createRoute({
  method: 'post',
  path: '/desk/repository',
  summary: "Choose the shop's repository, where the App may enter several",
  request: {
    body: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': { schema: z.object({ key: Key, repository: z.string().max(200) }) },
      },
    },
  },
  responses: {
    303: { description: 'Back to the page' },
    403: problemResponse('The form was on another site'),
    422: problemResponse('Not a repository to choose'),
    ...refusals,
  },
})

/** The page for maintainers, and the one thing that can be done there. Both ask for the key. */
export function deskRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  const requireKey = async (c: Context<HttpEnv>, key: string) => {
    if (isDeskKey(c.var.parts.config, key)) return
    await limits.wrongKey(addressOf(c))
    const detail = 'The link is not whole, or an old one. The right one is in the log of the server.'
    throw new Refusal({ status: 404, title: 'Nothing here for this link', detail })
  }
  api.use('/desk/*', limitBody(FORM_BYTES_MAX))
  api.get(DESK_STYLE, async (c) => {
    return c.body(await readStyle(STYLE), 200, {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'no-cache',
    })
  })
  api.openapi(pageRoute, async (c) => {
    const { key } = c.req.valid('query')
    if (key === undefined) return c.html(welcomePage(), 200, PRIVATE)
    await requireKey(c, key)
    return c.html(deskPage(await deskOf(c.var.parts, key)), 200, PRIVATE)
  })
  api.openapi(chooseRoute, async (c) => {
    const { key, repository } = c.req.valid('form')
    await requireKey(c, key)
    refuseOtherSites(c)
    await choose(c.var.parts, repository)
    return c.redirect(deskUrl(c.var.parts.config), 303)
  })
}

const PRIVATE = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex' }

async function deskOf(parts: Parts, key: string) {
  const { store, config } = parts
  const [shop, events, jobsWaiting, lastDeliveries] = await Promise.all([
    store.shop(),
    store.shopEvents(),
    store.jobsWaiting(),
    store.lastDeliveries(),
  ])
  const { name, open: isOpen, products } = viewShop(shop, parts)
  return {
    ...{ name, isOpen, products, shop, lastDeliveries, key },
    repository: config.SHOP_REPOSITORY ?? shop.repository,
    candidates: mayChoose(parts, shop) ? await candidatesOf(parts) : undefined,
    jobsWaiting,
    history: events.slice(-HISTORY_SHOWN_MAX).toReversed(),
    githubUrl: config.GITHUB_URL,
  }
}

/** As long as nothing has gone live, and the repository isn't a setting of the server. */
const mayChoose = ({ config }: Pick<Parts, 'config'>, shop: { live?: unknown }): boolean =>
  !config.SHOP_REPOSITORY && !shop.live

async function candidatesOf({ githubApp, log }: Pick<Parts, 'githubApp' | 'log'>): Promise<string[] | 'unknown'> {
  try {
    return (await githubApp.repositories()).slice(0, CANDIDATES_SHOWN_MAX)
  } catch (error) {
    log.warn({ err: error }, 'GitHub does not say which repositories there are')
    return 'unknown'
  }
}

/** Forms of other sites have no business here. Browsers name the site they come from in one of these two. */
function refuseOtherSites(c: Context<HttpEnv>): void {
  const site = c.req.header('sec-fetch-site')
  const isOurs = site ? site === 'same-origin' : c.req.header('origin') === new URL(c.var.parts.config.SHOP_URL).origin
  if (isOurs) return
  throw new Refusal({
    status: 403,
    title: 'Not from here',
    detail: 'Open the desk itself, and choose there.',
  })
}

async function choose(parts: Parts, wanted: string): Promise<void> {
  const candidates = await candidatesOf(parts)
  const repository = candidates === 'unknown' ? undefined : candidates.find((name) => name === wanted)
  if (!repository) {
    const detail = 'The App may not enter that repository, or GitHub does not answer. Go back, and choose again.'
    throw new Refusal({ status: 422, title: 'Not a repository to choose', detail })
  }
  const now = parts.now()
  const at = now.toISOString()
  const jobs = jobsDue([findShopJob, refreshShopJob], now)
  await parts.store.transact({ shop: true }, ({ shop }) =>
    mayChoose(parts, shop) ? { shop: [{ type: 'shop.chosen' as const, repository, at }], jobs } : {},
  )
  parts.log.info({ repository }, 'a maintainer chose the repository of the shop')
}
