import { z } from 'zod'
import type { OrderId } from './id.ts'

/** Who bought: personal, erasable, and kept apart from the facts. */
export const Customer = z.object({
  order: z.custom<OrderId>((text) => typeof text === 'string'),
  email: z.string(),
  name: z.string().nullable(),
  address: z
    .object({
      name: z.string().nullable(),
      line1: z.string().nullable(),
      line2: z.string().nullable(),
      city: z.string().nullable(),
      state: z.string().nullable(),
      postalCode: z.string().nullable(),
      country: z.string().nullable(),
    })
    .nullable(),
})
export type Customer = z.output<typeof Customer>
