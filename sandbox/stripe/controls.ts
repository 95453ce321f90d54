import { type Context, Hono } from 'hono'
import { z } from 'zod'
import type { Keeper } from '../keeper.ts'
import { answer } from './api.ts'
import { type Buyer, choose } from './checkout/buyer.ts'
import { checkoutOf, expireOverdue, returnUrl } from './checkout/session.ts'
import { endpointOf } from './events/event.ts'
import type { Postman } from './events/webhooks.ts'
import { closeDispute, endRefund, failRefund, openDispute, refund, refundParams } from './money-back.ts'
import { cancel, pay, settle } from './payment.ts'
import { checkParams, refused } from './request.ts'
import type { Account, Checkout } from './state.ts'

const DUPLICATES_MAX = 20
const DELAY_MS_MAX = 60_000

const payBody = z.strictObject({
  outcome: z.enum(['pay', 'async', 'decline']).default('pay'),
  email: z.string().default('buyer@example.com'),
  name: z.string().default('Ada Buyer'),
  country: z.string().optional(),
  line1: z.string().default('1 Main Street'),
  /** In the order of the lines. */
  quantities: z.array(z.int().min(0)).default([]),
  promotion: z.string().default(''),
  /** The display name of a shipping option; otherwise the first. */
  shipping: z.string().optional(),
})
const settleBody = z.strictObject({ ok: z.boolean().default(true) })
const chaosBody = z.strictObject({
  duplicate: z.int().min(1).max(DUPLICATES_MAX).optional(),
  shuffle: z.boolean().optional(),
  hold: z.boolean().optional(),
  drop: z.union([z.array(z.string()), z.number().min(0).max(1)]).optional(),
  stale: z.boolean().optional(),
  seed: z.int().optional(),
})
const faultsBody = z.strictObject({
  down: z.boolean().optional(),
  delayMs: z.int().min(0).max(DELAY_MS_MAX).optional(),
  /** What a gateway answers before Stripe; null takes it away. */
  gateway: z
    .object({ status: z.int().min(200).max(599), body: z.record(z.string(), z.unknown()) })
    .nullable()
    .optional(),
})
const releaseBody = z.strictObject({ order: z.enum(['kept', 'reverse', 'shuffle']).default('kept') })
const advanceBody = z.strictObject({ seconds: z.int().min(0) })
const disputeBody = z.strictObject({
  payment_intent: z.string(),
  prevented: z.enum(['paid-back', 'deflected']).optional(),
})
const refundBody = refundParams.extend({ amount: z.int().optional(), status: z.enum(['pending', 'requires_action']) })
const refundEndBody = z.strictObject({ status: z.enum(['succeeded', 'canceled']) })
const verdictBody = z.strictObject({ outcome: z.enum(['won', 'lost']) })
/** `thin` sends notifications instead of snapshots; `roll` makes a new secret beside, or instead of, the old. */
const endpointBody = z.strictObject({ thin: z.boolean().optional(), roll: z.enum(['keep', 'replace']).optional() })

/**
 * Controls for tests and for people who try their shop, under /_test. Bodies are JSON. Each answers after the
 * deliveries that are due have been tried, so that nobody has to sleep.
 */
export function controlRoutes(account: Account, postman: Postman, keeper: Keeper): Hono {
  const app = new Hono()
  const { state } = account

  function control<T>(path: string, schema: z.ZodType<T>, act: (body: T, id: string) => object | Promise<object>) {
    app.post(`/_test/${path}`, async (context) => {
      const id = context.req.param('id') ?? ''
      const response = await answer(context, async () => act(checkParams(schema, await bodyOf(context)), id))
      await postman.drain()
      return response
    })
  }

  /** A sandbox that is killed now has lost nothing. */
  app.post('/_test/kept', async (context) => {
    await keeper.kept()
    return context.json({})
  })
  control('sessions/:id/pay', payBody, (body, id) => payAsTold(account, checkoutOf(account, id), body))
  control('sessions/:id/settle', settleBody, ({ ok }, id) => {
    const checkout = checkoutOf(account, id)
    settle(account, checkout, ok)
    return { session: checkout.session }
  })
  control('disputes', disputeBody, (body) => openDispute(account, body.payment_intent, body.prevented))
  control('disputes/:id/close', verdictBody, ({ outcome }, id) => closeDispute(account, id, outcome))
  control('refunds', refundBody, ({ status, ...params }) => refund(account, params, status))
  control('refunds/:id/end', refundEndBody, ({ status }, id) => endRefund(account, id, status))
  control('payment_intents/:id/cancel', z.strictObject({}), (_, id) => cancel(account, id))
  control('refunds/:id/fail', z.strictObject({}), (_, id) => failRefund(account, id))
  control('endpoints/:id', endpointBody, ({ thin, roll }, id) => {
    const found = endpointOf(account, id)
    if (thin !== undefined) found.thin = thin
    if (roll) found.secrets = [account.newId('whsec'), ...(roll === 'keep' ? found.secrets.slice(0, 1) : [])]
    return { id, secret: found.secrets[0], thin: found.thin }
  })
  control('chaos', chaosBody, ({ seed = state.seed, ...chaos }) => {
    state.seed = seed
    return Object.assign(state.chaos, chaos)
  })
  control('faults', faultsBody, (faults) => Object.assign(state.faults, faults))
  control('advance', advanceBody, ({ seconds }) => {
    state.clock += seconds
    expireOverdue(account)
    return { now: account.now() }
  })
  control('release', releaseBody, async ({ order }) => {
    await postman.release(order)
    return { waiting: state.deliveries.length }
  })
  app.get('/_test/attempts', async (context) => {
    await postman.drain()
    return context.json({ attempts: state.attempts, waiting: state.deliveries.length })
  })
  return app
}

async function bodyOf(context: Context): Promise<unknown> {
  const text = await context.req.text()
  try {
    return JSON.parse(text || '{}')
  } catch {
    throw refused('The body is not JSON.')
  }
}

function payAsTold(account: Account, checkout: Checkout, body: z.output<typeof payBody>): object {
  const { session } = checkout
  if (session.status !== 'open') throw refused(`This Checkout Session is ${session.status}; it can't be paid.`)
  const buyer = toldBuyer(account, checkout, body)
  const [problem] = Object.entries(choose(account, checkout, buyer))
  if (problem) throw refused(problem[1], { param: problem[0] })
  pay(account, checkout, buyer)
  return { session, url: session.status === 'complete' ? returnUrl(checkout) : session.url }
}

function toldBuyer({ state }: Account, { session, lines }: Checkout, body: z.output<typeof payBody>): Buyer {
  const { outcome, email, name, line1, promotion, quantities, shipping } = body
  const country = body.country ?? session.shipping_address_collection?.allowed_countries[0] ?? 'US'
  const rates = session.shipping_options.map(({ shipping_rate: id }) => String(id))
  const rate = rates.find((id) => shipping === undefined || state.shippingRates[id]?.display_name === shipping)
  return {
    outcome,
    email,
    name,
    address: { line1, city: 'Springfield', postal_code: '12345', country },
    quantities: Object.fromEntries(quantities.map((count, index) => [lines[index]?.item.id ?? index, count])),
    shippingRate: rate ?? shipping ?? null,
    promotion,
  }
}
