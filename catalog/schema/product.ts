import { z } from 'zod'
import { AmountsText, Id, Line } from './common.ts'

const DESCRIPTION_CHARACTERS_MAX = 20_000
const STOCK_MAX = 1_000_000
const WEIGHT_GRAMS_MAX = 30_000
const VARIANTS_MAX = 100
const IMAGES_MAX = 8 // Stripe shows at most eight on its page

/** A picture beside the YAML, with the text that stands in for it. */
export const Image = z
  .strictObject({
    file: z.string().meta({ description: 'Path from the catalog folder, such as images/field-guide.svg' }),
    alt: Line.meta({ description: 'What the picture shows, for people who do not see it' }),
  })
  .meta({ description: 'A picture beside the YAML' })
export type Image = z.output<typeof Image>

/** What a parcel needs to travel: weight, and customs text for abroad. */
export const Parcel = z
  .strictObject({
    weight: z.int().min(1).max(WEIGHT_GRAMS_MAX).meta({ description: 'Grams, packed' }),
    customs: Line.optional().meta({ description: 'What a customs form says, such as "Cotton T-shirt"' }),
    origin: z
      .string()
      .regex(/^[A-Z]{2}$/, 'a country is two capital letters, such as DE')
      .optional()
      .meta({ description: 'Country it was made in, two capital letters' }),
  })
  .meta({ description: 'Something that is packed and shipped' })
export type Parcel = z.output<typeof Parcel>

/** What the buyer gets: files to download, a parcel, or both. */
export const Gives = z
  .strictObject({
    downloads: z
      .array(Id)
      .min(1)
      .optional()
      .meta({ description: 'Ids of assets, that is of files in catalog/assets/' }),
    parcel: Parcel.optional(),
  })
  .refine((gives) => gives.downloads ?? gives.parcel, 'a product gives downloads, a parcel, or both')
  .meta({ description: 'What the buyer gets' })
export type Gives = z.output<typeof Gives>

/** The buyer names the price, from a minimum up. */
export const PayWhatYouWant = z
  .strictObject({ minimum: AmountsText, suggested: AmountsText })
  .meta({ description: 'The buyer names the price, from a minimum up' })
export type PayWhatYouWant = z.output<typeof PayWhatYouWant>

const Stock = z.int().min(0).max(STOCK_MAX).meta({ description: 'How many there are to sell. Without it: no limit' })

/** One way to have a product: a size, a colour, a format. What it leaves out it takes from the product. */
export const Variant = z
  .strictObject({
    id: Id,
    options: z.record(Id, Line).meta({ description: 'What sets it apart, such as { size: M, colour: black }' }),
    price: AmountsText.optional(),
    stock: Stock.optional(),
    gives: Gives.optional(),
  })
  .meta({ description: 'One way to have the product: a size, a colour, a format' })
export type Variant = z.output<typeof Variant>

/** A part of a bundle: another product, or one variant of it. */
export const BundlePart = z.strictObject({
  product: Id,
  variant: Id.optional(),
  quantity: z.int().min(1).max(20).default(1),
})
export type BundlePart = z.output<typeof BundlePart>

export const ProductStatus = z.enum(['draft', 'live', 'retired'])
export type ProductStatus = z.output<typeof ProductStatus>

/** catalog/products/<id>.yaml */
export const Product = z
  .strictObject({
    name: Line,
    summary: Line.meta({ description: 'One sentence for the card in the shop' }),
    description: z.string().min(1).max(DESCRIPTION_CHARACTERS_MAX).meta({ description: 'Markdown' }),
    category: Id.meta({ description: 'Id of a category in shop.yaml' }),
    tags: z.array(Id).max(20).default([]),
    status: ProductStatus.meta({
      description: 'draft: not shown. live: for sale. retired: shown to those who have the link, not for sale',
    }),
    images: z.array(Image).max(IMAGES_MAX).default([]),
    price: AmountsText.optional(),
    payWhatYouWant: PayWhatYouWant.optional(),
    variants: z.array(Variant).min(1).max(VARIANTS_MAX).optional(),
    bundle: z.array(BundlePart).min(2).max(20).optional(),
    stock: Stock.optional(),
    gives: Gives.optional(),
  })
  .meta({ title: 'Tagsale product', description: 'Something the shop sells; its id is its file name' })
export type ProductInput = z.input<typeof Product>
export type Product = z.output<typeof Product> & { id: string }
