import { z } from '@hono/zod-openapi'
import { toMinorUnits } from '../../../../catalog/schema/money.ts'
import type { Command } from '../../../order/command.ts'
import type { Address } from '../../../order/customer.ts'
import { Settlement, StallReason } from '../../../order/event.ts'
import type { Order } from '../../../order/order.ts'
import { Refusal } from '../../problem.ts'

const Amount = z.string().max(14).openapi({ description: "Decimal text in the order's currency", example: '5.00' })

/** A command as scripts send it and as forms are read: its path, its body, and the command that the body makes of an order. */
export type DeskCommand = {
  path: string
  summary: string
  body: z.ZodType
  make: (given: unknown, order: Order, part: string) => Command
}

function command<Body extends z.ZodType>(
  path: string,
  summary: string,
  body: Body,
  make: (given: z.output<Body>, order: Order, part: string) => Command,
): DeskCommand {
  return { path, summary, body, make: make as DeskCommand['make'] }
}

const Part = z.string().trim().max(200).nullable().default(null)
const AddressGiven = z.strictObject({
  ...{ name: Part, line1: Part, line2: Part, city: Part, state: Part, postalCode: Part },
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable()
    .default(null),
}) satisfies z.ZodType<Address>
const Line = z.strictObject({ line: z.string().max(130), quantity: z.int().min(1).default(1) })
/** Each command that people and scripts give: its path below the order's, and how its body makes the command. */
export const COMMANDS = [
  command(
    'shipments',
    'Ship all that is to be packed, or these lines',
    z.strictObject({
      lines: z.array(z.string().max(130)).min(1).optional(),
      carrier: z.string().trim().min(1).max(60),
      tracking: z.string().trim().min(1).max(60).optional(),
      url: z
        .url({ protocol: /^https$/ })
        .max(500)
        .optional(),
    }),
    (given) => ({ do: 'ship', ...given }),
  ),
  command(
    'shipments/{shipment}/delivered',
    'A parcel has arrived',
    z.strictObject({}).optional(),
    (_, __, shipment) => {
      return { do: 'deliver', shipment }
    },
  ),
  command(
    'refunds',
    'Give money back: all that is left, lines, shipping, or an amount',
    z.strictObject({
      lines: z.array(Line).min(1).optional(),
      amount: Amount.optional(),
      shipping: z.boolean().optional(),
      restock: z.boolean().optional(),
      reason: z.string().trim().min(1).max(500).optional(),
    }),
    ({ amount, ...given }, order) => ({
      ...{ do: 'refund', ...given },
      ...(amount !== undefined && { amount: minorUnits(amount, order.currency) }),
    }),
  ),
  command('cancel', 'Call it off: nothing is sent, and what was paid goes back', z.strictObject({}).optional(), () => {
    return { do: 'cancel' }
  }),
  command(
    'resend',
    'Send a mail again, also to a corrected address',
    z.strictObject({ mail: z.literal('receipt').default('receipt'), to: z.email().max(254).optional() }),
    (given) => ({ do: 'resend', ...given }),
  ),
  command(
    'notes',
    'Keep a note with the order',
    z.strictObject({ text: z.string().trim().min(1).max(2000) }),
    (given) => {
      return { do: 'note', ...given }
    },
  ),
  command(
    'settle',
    'Settle what the order waits for a person for',
    z.strictObject({ stall: StallReason, decision: Settlement, reason: z.string().trim().min(1).max(500) }),
    (given) => ({ do: 'settle', ...given }),
  ),
  command('address', 'Mend the address before it is shipped', AddressGiven, (address) => ({ do: 'address', address })),
]

function minorUnits(amount: string, currency: string): number {
  try {
    return toMinorUnits(amount, currency)
  } catch (error) {
    throw new Refusal({ status: 422, title: 'Not an amount', detail: (error as Error).message })
  }
}
