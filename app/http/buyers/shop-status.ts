import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { availabilityOf } from '../../order/stock.ts'
import type { Parts } from '../../parts.ts'
import { ClosedReason } from '../../shop/event.ts'
import type { ShopState } from '../../shop/shop.ts'
import type { HttpEnv } from '../context.ts'

const Instant = z.string().openapi({ example: '2026-11-22T20:00:00.000Z' })

/** What is for sale, as everybody may know it. */
export const ShopView = z
  .object({
    name: z.string().openapi({ example: 'The Tern shop' }),
    repository: z.string().optional().openapi({
      description: 'Where its catalog is; left out where that may be private',
      example: 'tern-project/shop',
    }),
    open: z.boolean().openapi({ description: 'Whether anything is sold just now' }),
    closedBecause: ClosedReason.optional().openapi({ description: 'Why nothing is sold' }),
    live: z
      .object({
        commit: z.string(),
        tree: z.string().openapi({ description: "The name of the catalog's content: the same content, the same name" }),
        at: Instant,
        by: z.string().nullable().openapi({ description: 'A GitHub login; none for a private repository' }),
      })
      .nullable()
      .openapi({ description: 'The commit whose catalog is for sale' }),
    refused: z
      .object({ commit: z.string(), problems: z.int(), at: Instant })
      .nullable()
      .openapi({ description: 'A newer commit that has mistakes, so that the shop did not take it' }),
    products: z.int().openapi({ description: 'How many products are for sale' }),
  })
  .openapi('Shop')
export type ShopView = z.output<typeof ShopView>

const route = createRoute({
  method: 'get',
  path: '/api/v1/shop',
  summary: 'Whether the shop is open, and which commit of its catalog is live',
  responses: { 200: { description: 'The shop', content: { 'application/json': { schema: ShopView } } } },
})

const AVAILABLE_SECONDS = 5
const availabilityRoute = createRoute({
  method: 'get',
  path: '/api/v1/availability',
  summary: 'How many of each price can still be bought, where that is limited',
  description: `A price that is not named is not limited. Good for ${AVAILABLE_SECONDS} seconds; what counts is the checkout.`,
  responses: {
    200: {
      description: 'What is left',
      content: { 'application/json': { schema: z.object({ left: z.record(z.string(), z.int()) }) } },
    },
  },
})

/** The shop as JSON. */
export function shopRoutes(api: OpenAPIHono<HttpEnv>): void {
  api.openapi(availabilityRoute, async (c) => {
    const { store, shop } = c.var.parts
    const left = Object.fromEntries(availabilityOf(shop.catalog(), await store.reserved()))
    return c.json({ left }, 200, { 'cache-control': `public, max-age=${AVAILABLE_SECONDS}` })
  })
  api.openapi(route, async (c) => {
    const { parts } = c.var
    const view = viewShop(await parts.store.shop(), parts)
    return c.json(view, 200, { 'cache-control': 'no-store' })
  })
}

/** The shop's facts and what is live, in one. */
export function viewShop(shop: ShopState, parts: Pick<Parts, 'shop' | 'config'>): ShopView {
  const { shop: about, products } = parts.shop.catalog()
  const open = parts.shop.isOpen()
  const repository = parts.config.SHOP_REPOSITORY ?? shop.repository
  return {
    name: about.name,
    ...(shop.live?.by && repository ? { repository } : {}),
    open,
    ...(!open && shop.closed ? { closedBecause: shop.closed.reason } : {}),
    live: shop.live ?? null,
    refused: shop.refused ?? null,
    products: open ? [...products.values()].filter(({ status }) => status === 'live').length : 0,
  }
}
