import { z } from 'zod'
import type { OrderId } from './id.ts'

/** Where a parcel goes. */
export const Address = z.object({
  name: z.string().nullable(),
  line1: z.string().nullable(),
  line2: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  postalCode: z.string().nullable(),
  country: z.string().nullable(),
})
export type Address = z.output<typeof Address>

/** What a maintainer wrote about the order. */
export const Note = z.object({ at: z.iso.datetime(), by: z.string(), text: z.string() })
/** How a parcel is followed: by its number, at an address of the carrier's. It leads to the buyer's door. */
export const Tracking = z.object({ shipment: z.string(), number: z.string().nullable(), url: z.string().nullable() })
export type Tracking = z.output<typeof Tracking>

/** Who bought, and all else about an order that is personal: erasable, and kept apart from the facts. */
export const Customer = z.object({
  order: z.custom<OrderId>((text) => typeof text === 'string'),
  email: z.string(),
  name: z.string().nullable(),
  address: Address.nullable(),
  notes: z.array(Note).optional(),
  tracking: z.array(Tracking).optional(),
})
export type Customer = z.output<typeof Customer>
