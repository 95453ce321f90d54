import { z } from '@hono/zod-openapi'
import type { Command } from '../../../order/command.ts'
import type { Order } from '../../../order/order.ts'
import { Refusal } from '../../problem.ts'
import { COMMANDS } from './command.ts'

const Field = z.string().max(2500)

/** A form of an order's page: the key that makes it once-only, and its fields; a box that is ticked several times is a list. */
export const OrderForm = z
  .object({ key: z.string().min(1).max(200) })
  .catchall(z.union([Field, z.array(Field).max(200)]))
export type OrderForm = z.output<typeof OrderForm>

const DELIVERED = 'shipments/{shipment}/delivered'
const QUANTITY = 'quantity:'
const ADDRESS = ['name', 'line1', 'line2', 'city', 'state', 'postalCode', 'country'] as const

/** What each form makes of its fields: the body that a script would send. */
const BODIES: Record<string, (form: OrderForm) => unknown> = {
  shipments: (form) => ({ lines: all(form, 'line'), ...filled(form, ['carrier', 'tracking', 'url']) }),
  delivered: () => ({}),
  refunds: refundBody,
  cancel: () => ({}),
  resend: (form) => filled(form, ['to']),
  notes: (form) => filled(form, ['text']),
  settle: (form) => filled(form, ['stall', 'decision', 'reason']),
  address: (form) => filled(form, ADDRESS),
}

/** Whether an order's page has such a form. */
export const isForm = (name: string): boolean => Object.hasOwn(BODIES, name)

/** The command that a form means for this order, the same as a script's; or what is wrong with it. */
export function commandOf(name: string, form: OrderForm, order: Order): Command | { refused: string } {
  const path = name === 'delivered' ? DELIVERED : name
  const command = COMMANDS.find((one) => one.path === path)
  const read = command?.body.safeParse(BODIES[name]?.(form))
  if (!command || !read?.success) return { refused: wordsOf(read?.error) }
  try {
    return command.make(read.data, order, one(form, 'shipment'))
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.input.detail }
    throw error
  }
}

/** A form says itself what it gives back: one whose fields were lost is not a form for all of it. */
function refundBody(form: OrderForm): unknown {
  const rest = { ...filled(form, ['reason']), ...(one(form, 'restock') && { restock: true }) }
  switch (one(form, 'what')) {
    case 'all':
      return rest
    case 'amount':
      return { amount: one(form, 'amount'), ...rest }
    case 'lines': {
      const shipping = one(form, 'shipping') ? { shipping: true } : {}
      const lines = quantitiesOf(form)
      return { ...(lines.length > 0 || !one(form, 'shipping') ? { lines } : {}), ...shipping, ...rest }
    }
    default:
      return undefined
  }
}

const quantitiesOf = (form: OrderForm) =>
  Object.keys(form)
    .filter((name) => name.startsWith(QUANTITY))
    .map((name) => ({ line: name.slice(QUANTITY.length), quantity: Number(one(form, name)) }))
    .filter(({ quantity }) => quantity !== 0)

const all = (form: OrderForm, name: string): string[] => [form[name] ?? []].flat()
const one = (form: OrderForm, name: string): string => all(form, name)[0]?.trim() ?? ''

/** The fields that somebody has filled in. */
const filled = (form: OrderForm, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, one(form, name)]).filter(([, text]) => text !== ''))

function wordsOf(error: z.ZodError | undefined): string {
  const [issue] = error?.issues ?? []
  if (!issue) return 'The form came without what it asks for. Nothing was done.'
  if (issue.code === 'too_small' && issue.origin === 'array') return 'Choose at least one line.'
  return `${issue.path.join(' ') || 'The form'}: ${issue.message}`
}
