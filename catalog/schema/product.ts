import { z } from 'zod'
import { AmountsText, Id, Line, markdownText } from './common.ts'
import { Country } from './country.ts'
import { Image } from './image.ts'

const DESCRIPTION_CHARACTERS_MAX = 20_000
const STOCK_MAX = 1_000_000
const WEIGHT_GRAMS_MAX = 30_000
const VARIANTS_MAX = 100
const IMAGES_MAX = 8 // Stripe shows at most eight on its page

/** What a parcel needs to travel: weight, and customs text for abroad. */
export const Parcel = z
  .strictObject({
    weight: z
      .int()
      .min(1)
      .max(WEIGHT_GRAMS_MAX)
      .meta({ description: 'Grams, packed', examples: [250] }),
    customs: Line.optional().meta({
      description: 'What a customs form says, such as "Cotton T-shirt"',
      examples: ['Cotton T-shirt'],
    }),
    origin: Country.optional().meta({ description: 'Country it was made in, two capital letters', examples: ['DE'] }),
  })
  .meta({ description: 'Something that is packed and shipped', examples: [{ weight: 250 }] })
export type Parcel = z.output<typeof Parcel>

/** What the buyer gets: files to download, a parcel, or both. */
export const Gives = z
  .strictObject({
    downloads: z
      .array(Id)
      .min(1)
      .optional()
      .meta({ description: 'Ids of assets, that is of files in the assets folder' }),
    parcel: Parcel.optional(),
  })
  .refine((gives) => gives.downloads ?? gives.parcel, 'a product gives downloads, a parcel, or both')
  .meta({ description: 'What the buyer gets: downloads, a parcel, or both' })
export type Gives = z.output<typeof Gives>

/** The buyer names the price, from a minimum up. */
export const PayWhatYouWant = z
  .strictObject({
    minimum: AmountsText.meta({ description: 'The least a buyer can pay; "0.00" lets them pay nothing' }),
    suggested: AmountsText.meta({ description: 'What the shop proposes' }),
  })
  .meta({
    description: 'The buyer names the price, from a minimum up',
    examples: [{ minimum: { eur: '1.00' }, suggested: { eur: '10.00' } }],
  })
export type PayWhatYouWant = z.output<typeof PayWhatYouWant>

const Stock = z.int().min(0).max(STOCK_MAX).meta({ description: 'How many there are to sell. Without it: no limit' })

const VariantOptions = z
  .record(Id, Line)
  .refine((options) => Object.keys(options).length > 0, 'at least one option is needed, such as size: M')
  .meta({ description: 'What sets it apart, such as { size: M, colour: black }', examples: [{ size: 'M' }] })

/** One way to have a product: a size, a colour, a format. What it leaves out it takes from the product. */
export const Variant = z
  .strictObject({
    id: Id.meta({ description: 'Its name in orders; lower-case words joined by hyphens', examples: ['black-m'] }),
    options: VariantOptions,
    price: AmountsText.optional().meta({ description: "Its own price, in place of the product's" }),
    stock: Stock.optional(),
    gives: Gives.optional().meta({
      description: 'What the buyer of this variant gets, in place of the product\'s "gives"',
    }),
  })
  .meta({ description: 'One way to have the product: a size, a colour, a format' })
export type Variant = z.output<typeof Variant>

/** A part of a bundle: another product, or one variant of it. */
export const BundlePart = z
  .strictObject({
    product: Id.meta({ description: 'Id of another product' }),
    variant: Id.optional().meta({ description: 'Which variant of it, where it has variants' }),
    quantity: z.int().min(1).max(20).default(1).meta({ description: 'How many of it' }),
  })
  .meta({ description: 'Another product, or one variant of it' })
export type BundlePart = z.output<typeof BundlePart>

export const ProductStatus = z.enum(['draft', 'live', 'retired'])
export type ProductStatus = z.output<typeof ProductStatus>

/** catalog/products/<id>.yaml */
export const Product = z
  .strictObject({
    name: Line.meta({ description: 'What it is called, in the shop and on receipts', examples: ['Field guide'] }),
    summary: Line.meta({
      description: 'One sentence for the card in the shop',
      examples: ['Everything about terns, in one book.'],
    }),
    description: markdownText(DESCRIPTION_CHARACTERS_MAX).meta({
      description: 'What the product page says, in Markdown',
      examples: ['A book about terns, in **PDF** and EPUB.\n'],
    }),
    category: Id.meta({ description: 'Id of a category in shop.yaml', examples: ['books'] }),
    tags: z
      .array(Id)
      .max(20)
      .default([])
      .meta({ description: 'Words about it, for whoever keeps the catalog', examples: [['book', 'birds']] }),
    status: ProductStatus.meta({
      description: 'draft: not shown. live: for sale. retired: shown to those who have the link, not for sale',
      examples: ['draft'],
    }),
    images: z
      .array(Image)
      .max(IMAGES_MAX)
      .default([])
      .meta({
        description: 'Pictures, the first one for the card',
        examples: [[{ file: 'images/field-guide.svg', alt: 'The book on a table, with a tern on its cover' }]],
      }),
    price: AmountsText.optional().meta({
      description: 'What it costs: decimal text in quotes, for each currency of the shop',
    }),
    payWhatYouWant: PayWhatYouWant.optional(),
    variants: z
      .array(Variant)
      .min(1)
      .max(VARIANTS_MAX)
      .optional()
      .meta({ description: 'Sizes, colours, formats: each one is bought by itself' }),
    bundle: z
      .array(BundlePart)
      .min(2)
      .max(20)
      .optional()
      .meta({ description: 'Other products, sold together for the price given here' }),
    stock: Stock.optional(),
    gives: Gives.optional(),
  })
  .meta({ title: 'Tagsale product', description: 'Something the shop sells; its id is its file name' })
export type Product = z.output<typeof Product> & { id: string }
