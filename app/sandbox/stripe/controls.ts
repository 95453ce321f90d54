import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { answer } from './api/api.ts'
import { refused } from './api/failure.ts'
import { checkParams } from './api/params.ts'
import { type Buyer, checkOpen, choose } from './buyer.ts'
import { closeDispute, openDispute } from './dispute.ts'
import { controlEndpoint, endpointControls } from './endpoint.ts'
import { pay, settle } from './payment.ts'
import { failRefund } from './refund.ts'
import { checkoutOf, expireOverdue, returnUrl } from './session.ts'
import type { Account, Checkout } from './state.ts'
import type { Postman } from './webhooks.ts'

const DUPLICATES_MAX = 20
const DELAY_MS_MAX = 60_000

const payBody = z.strictObject({
  outcome: z.enum(['pay', 'async', 'decline']).default('pay'),
  email: z.string().optional(),
  name: z.string().optional(),
  phone: z.string().optional(),
  country: z.string().optional(),
  line1: z.string().optional(),
  /** In the order of the lines. */
  quantities: z.array(z.int().min(0)).optional(),
  promotion: z.string().optional(),
  /** The display name, the id or the index of a shipping option. */
  shipping: z.union([z.string(), z.int().min(0)]).optional(),
  fields: z.record(z.string(), z.string()).optional(),
})
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
})
const nothing = z.strictObject({})

/**
 * Controls for tests and for people who try their shop, under /_test. Bodies are JSON. Each answers after the
 * deliveries that are due have been tried, so that nobody has to sleep.
 */
export function controlRoutes(account: Account, postman: Postman): Hono {
  const app = new Hono()
  const { state } = account

  function control<T>(
    path: string,
    schema: z.ZodType<T>,
    act: (body: T, id: string) => object | Promise<object>,
  ): void {
    app.post(path, async (context) => {
      const done = await outcomeOf(async () =>
        act(checkParams(schema, await bodyOf(context)), context.req.param('id') ?? ''),
      )
      await postman.drain()
      return answer(context, done)
    })
  }

  control('/_test/sessions/:id/pay', payBody, (body, id) => payAsTold(account, checkoutOf(account, id), body))
  control('/_test/sessions/:id/settle', z.strictObject({ ok: z.boolean().default(true) }), ({ ok }, id) => {
    settle(account, checkoutOf(account, id), ok)
    return { session: checkoutOf(account, id).session }
  })
  control('/_test/disputes', z.strictObject({ payment_intent: z.string() }), (body) =>
    openDispute(account, body.payment_intent),
  )
  control('/_test/disputes/:id/close', z.strictObject({ outcome: z.enum(['won', 'lost']) }), ({ outcome }, id) =>
    closeDispute(account, id, outcome),
  )
  control('/_test/refunds/:id/fail', nothing, (_, id) => failRefund(account, id))
  control('/_test/endpoints/:id', endpointControls, (body, id) => controlEndpoint(account, id, body))
  control('/_test/chaos', chaosBody, ({ seed, ...chaos }) => {
    if (seed !== undefined) state.seed = seed
    return Object.assign(state.chaos, chaos)
  })
  control('/_test/faults', faultsBody, (faults) => Object.assign(state.faults, faults))
  control('/_test/advance', z.strictObject({ seconds: z.int().min(0) }), ({ seconds }) => {
    state.clock += seconds
    expireOverdue(account)
    return { now: account.now() }
  })
  const order = z.enum(['kept', 'reverse', 'shuffle']).default('kept')
  control('/_test/release', z.strictObject({ order }), async (body) => {
    await postman.release(body.order)
    return { waiting: state.deliveries.length }
  })
  app.get('/_test/attempts', async (context) => {
    await postman.drain()
    return context.json({ attempts: state.attempts, waiting: state.deliveries.length })
  })
  return app
}

/** Runs `work` now, and gives a function that returns its result, or throws its refusal, later. */
async function outcomeOf(work: () => Promise<object>): Promise<() => object> {
  try {
    const result = await work()
    return () => result
  } catch (error) {
    return () => {
      throw error
    }
  }
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
  checkOpen(checkout)
  const buyer = toldBuyer(account, checkout, body)
  const [problem] = Object.entries(choose(account, checkout, buyer))
  if (problem) throw refused(problem[1], { param: problem[0] })
  pay(account, checkout, buyer)
  const { session } = checkout
  const paid = session.status === 'complete'
  return { session, url: paid ? returnUrl(checkout) : session.url }
}

function toldBuyer(account: Account, { session, lines }: Checkout, body: z.output<typeof payBody>): Buyer {
  const country = body.country ?? session.shipping_address_collection?.allowed_countries[0] ?? 'US'
  const chosen = session.shipping_options
    .map(({ shipping_rate: rate }) => String(rate))
    .find((id, index) => [index, id, account.state.shippingRates[id]?.display_name].includes(body.shipping ?? index))
  return {
    outcome: body.outcome,
    email: body.email ?? session.customer_email ?? 'buyer@example.com',
    name: body.name ?? 'Ada Buyer',
    phone: session.phone_number_collection?.enabled ? (body.phone ?? '+15555550100') : null,
    address: { line1: body.line1 ?? '1 Main Street', city: 'Springfield', postal_code: '12345', country },
    quantities: Object.fromEntries(
      (body.quantities ?? []).map((count, index) => [lines[index]?.item.id ?? index, count]),
    ),
    shippingRate: chosen ?? (body.shipping === undefined ? null : String(body.shipping)),
    promotion: body.promotion ?? null,
    fields: body.fields ?? {},
    agreed: true,
  }
}
