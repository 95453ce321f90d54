import { z } from 'zod'
import { AmountsText, Id, Line } from './common.ts'
import { currencyProblem } from './money.ts'

const SHIPPING_RATES_MAX = 5 // Stripe shows at most five on its page

const Country = z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters, such as DE')

/** What sending a parcel costs, whatever is in it, and how long it takes. */
export const ShippingRate = z.strictObject({
  name: Line,
  price: AmountsText,
  days: z
    .tuple([z.int().min(1).max(60), z.int().min(1).max(90)])
    .refine(([from, to]) => from <= to, 'the first number of days is the shorter one')
    .meta({ description: 'Business days, from and to: [3, 7]' }),
})
export type ShippingRate = z.output<typeof ShippingRate>

/** Countries that cost the same to ship to. */
export const ShippingZone = z.strictObject({
  id: Id,
  name: Line,
  countries: z.array(Country).min(1).max(240),
  rates: z.array(ShippingRate).min(1).max(SHIPPING_RATES_MAX),
})
export type ShippingZone = z.output<typeof ShippingZone>

export const Category = z.strictObject({ id: Id, name: Line, summary: Line })
export type Category = z.output<typeof Category>

/** catalog/shop.yaml: the shop itself. */
export const Shop = z
  .strictObject({
    id: Id.meta({ description: 'Part of every order; never change it' }),
    name: Line,
    tagline: Line,
    project: z.strictObject({ name: Line, url: z.url({ protocol: /^https$/ }) }),
    contact: z.email().meta({ description: 'Where buyers reach a person; shown in the shop and in mails' }),
    currencies: z
      .array(z.string().refine((currency) => !currencyProblem(currency), 'not a currency that Stripe charges simply'))
      .min(1)
      .max(10)
      .meta({ description: 'The first one is what the shop shows' }),
    categories: z.array(Category).min(1).max(30),
    shipping: z.array(ShippingZone).default([]),
  })
  .meta({ title: 'Tagsale shop', description: 'The shop: its name, currencies, categories and shipping' })
export type ShopInput = z.input<typeof Shop>
export type Shop = z.output<typeof Shop>
