import { z } from 'zod'
import { Repository } from './asset.ts'
import { currencyProblem } from './charge.ts'
import { AmountsText, Id, Line } from './common.ts'
import { Country } from './country.ts'

/** What stands in a new shop's file until a person fills in; nobody has this address (RFC 2606), and no shop goes live with it. */
export const NO_CONTACT = 'change-me@shop.example'

const SHIPPING_RATES_MAX = 5 // Stripe shows at most five on its page

/** What sending a parcel costs, whatever is in it, and how long it takes. */
export const ShippingRate = z
  .strictObject({
    name: Line.meta({ description: 'What the buyer reads, such as Letter or Tracked parcel', examples: ['Parcel'] }),
    price: AmountsText.meta({
      description: 'What it costs, for each currency of the shop',
      examples: [{ eur: '4.90' }],
    }),
    days: z
      .tuple([z.int().min(1).max(60), z.int().min(1).max(90)])
      .refine(([from, to]) => from <= to, 'the first number of days is the shorter one, such as [3, 7]')
      .meta({ description: 'Business days, from and to: [3, 7]', examples: [[3, 7]] }),
  })
  .meta({ description: 'One way to send a parcel, and its price' })
export type ShippingRate = z.output<typeof ShippingRate>

/** Countries that cost the same to ship to. */
export const ShippingZone = z
  .strictObject({
    id: Id,
    name: Line.meta({ description: 'What the buyer reads, such as Europe', examples: ['Europe'] }),
    countries: z
      .array(Country)
      .min(1)
      .max(240)
      .meta({ description: 'Two capital letters each, such as [DE, FR]', examples: [['DE', 'FR']] }),
    rates: z
      .array(ShippingRate)
      .min(1)
      .max(SHIPPING_RATES_MAX)
      .meta({
        description: 'The ways to send a parcel there',
        examples: [[{ name: 'Parcel', price: { eur: '4.90' }, days: [3, 7] }]],
      }),
  })
  .meta({ description: 'Countries that cost the same to ship to' })
export type ShippingZone = z.output<typeof ShippingZone>

export const Category = z
  .strictObject({
    id: Id,
    name: Line.meta({ description: 'What buyers read', examples: ['Books'] }),
    summary: Line.meta({ description: 'One sentence about it', examples: ['To read and to leaf through.'] }),
  })
  .meta({ description: 'A category of the shop' })
export type Category = z.output<typeof Category>

/** How assets that follow releases are updated. */
export const ReleaseUpdates = z.enum(['pull-request', 'at-once'])
export type ReleaseUpdates = z.output<typeof ReleaseUpdates>

const ASSET_REPOSITORIES_MAX = 100

const ShopCurrency = z
  .string()
  .refine((currency) => !currencyProblem(currency), { error: ({ input }) => currencyProblem(String(input)) })

/** catalog/shop.yaml: the shop itself. */
export const ShopSettings = z
  .strictObject({
    id: Id.meta({ description: 'Part of every order; never change it', examples: ['tern'] }),
    name: Line.meta({ description: 'What the shop is called', examples: ['The Tern shop'] }),
    tagline: Line.meta({ description: 'One sentence below the name', examples: ['Goods that keep Tern flying.'] }),
    project: z
      .strictObject({
        name: Line.meta({ description: "The open-source project's name", examples: ['Tern'] }),
        url: z
          .url({ protocol: /^https$/, error: 'an address begins with https://, such as https://tern.example' })
          .meta({ description: 'Its address', examples: ['https://tern.example'] }),
      })
      .meta({
        description: 'The project that the shop pays for',
        examples: [{ name: 'Tern', url: 'https://tern.example' }],
      }),
    contact: z
      .email('a mail address looks like shop@tern.example')
      .refine((contact) => contact !== NO_CONTACT, "this address is nobody's: write one that a person reads")
      .meta({
        description: 'Where buyers reach a person; shown in the shop and in mails',
        examples: ['shop@tern.example'],
      }),
    currencies: z
      .array(ShopCurrency)
      .min(1)
      .max(10)
      .meta({ description: 'The first one is what the shop shows', examples: [['eur', 'usd']] }),
    categories: z
      .array(Category)
      .min(1)
      .max(30)
      .meta({
        description: 'The shelves of the shop, in their order',
        examples: [[{ id: 'books', name: 'Books', summary: 'To read and to leaf through.' }]],
      }),
    shipping: z.array(ShippingZone).default([]).meta({ description: 'Where parcels go, and what that costs' }),
    releases: ReleaseUpdates.default('pull-request').meta({
      description: 'How assets that follow releases are updated: by a pull request for people to merge, or at once',
    }),
    assetRepositories: z
      .array(Repository)
      .min(1)
      .max(ASSET_REPOSITORIES_MAX)
      .optional()
      .meta({
        description: 'Where files may come from: owner/name each. Without it: anywhere',
        examples: [['tern/goods']],
      }),
  })
  .meta({ title: 'Tagsale shop', description: 'The shop: its name, currencies, categories and shipping' })
export type ShopSettings = z.output<typeof ShopSettings>
