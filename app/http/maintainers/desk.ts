import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { recordAccess } from '../../account/access.ts'
import type { Person } from '../../account/person.ts'
import { jobsDue } from '../../job/job.ts'
import { findShopJob, refreshShopJob } from '../../job/repository-jobs.ts'
import type { Parts } from '../../parts.ts'
import { limitBody } from '../body.ts'
import { viewShop } from '../buyers/shop-status.ts'
import type { HttpEnv } from '../context.ts'
import { readStyle } from '../document.ts'
import type { Limits } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'
import { DESK_STYLE, deskPage, welcomePage } from './desk-page.ts'
import { deskOrderRoutes } from './orders/routes.ts'
import { peopleRoutes } from './people.ts'
import { signInRoutes } from './sign-in.ts'
import { limitUnknown, requireRole, sessionAtDesk } from './who.ts'

const HISTORY_SHOWN_MAX = 20
const CANDIDATES_SHOWN_MAX = 100
const FORM_BYTES_MAX = 4096
/** A note of 2000 characters, as forms write those of any script. */
const ORDER_FORM_BYTES_MAX = 32 * 1024
const STYLE = new URL('./desk.css', import.meta.url)

const page = { description: 'A page', content: { 'text/html': { schema: z.string() } } }

const pageRoute = createRoute({
  method: 'get',
  path: '/desk',
  summary: 'How the shop is: what is live, what was refused, what is to do',
  description:
    'For whoever is not signed in: the way to do so, and for those whom GitHub sends here after they installed the App, what happens next.',
  responses: { 200: page },
})
const chooseRoute = createRoute({
  method: 'post',
  path: '/desk/repository',
  summary: "Choose the shop's repository, where the App may enter several",
  request: {
    body: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': { schema: z.object({ repository: z.string().max(200) }) },
      },
    },
  },
  responses: {
    303: { description: 'Back to the page' },
    401: problemResponse('Nobody is signed in'),
    403: problemResponse('Not for this role, or the form was on another site'),
    422: problemResponse('Not a repository to choose'),
  },
})

/** The desk's first page, and the choice of a repository. */
export function deskRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  const [limitForm, limitOrderForm] = [limitBody(FORM_BYTES_MAX), limitBody(ORDER_FORM_BYTES_MAX)]
  api.use('/desk/*', (c, next) => (c.req.path.startsWith('/desk/orders/') ? limitOrderForm : limitForm)(c, next))
  api.use('/desk/*', limitUnknown(limits))
  signInRoutes(api, limits)
  peopleRoutes(api)
  deskOrderRoutes(api)
  api.get(DESK_STYLE, async (c) => {
    return c.body(await readStyle(STYLE), 200, {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'no-cache',
    })
  })
  api.get('/setup', (c) => c.redirect('/desk')) // of who loads the setup's last page again
  api.openapi(pageRoute, async (c) => {
    const atDesk = await sessionAtDesk(c)
    if (!atDesk) return c.html(welcomePage(), 200, PRIVATE)
    return c.html(deskPage(await deskOf(c.var.parts, atDesk.person)), 200, PRIVATE)
  })
  api.openapi(chooseRoute, async (c) => {
    const person = await requireRole(c, 'maintain')
    const { repository } = c.req.valid('form')
    await choose(c.var.parts, repository)
    await recordAccess(c.var.parts, person, 'repository.chosen', { about: repository })
    return c.redirect('/desk', 303)
  })
}

const PRIVATE = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex' }

async function deskOf(parts: Parts, person: Person) {
  const { store, config } = parts
  const [shop, events, jobsWaiting, lastDeliveries] = await Promise.all([
    store.shop(),
    store.shopEvents(),
    store.jobsWaiting(parts.now()),
    store.lastDeliveries(),
  ])
  const { name, open: isOpen, products } = viewShop(shop, parts)
  return {
    ...{ name, isOpen, products, shop, lastDeliveries, person },
    repository: config.SHOP_REPOSITORY ?? shop.repository,
    candidates: mayChoose(parts, shop) ? await candidatesOf(parts) : undefined,
    jobsWaiting,
    history: events.slice(-HISTORY_SHOWN_MAX).toReversed(),
    githubUrl: config.GITHUB_URL,
    notices: parts.notices.all(),
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
