import { z } from 'zod'
import { AssetText } from './asset.ts'
import { Product } from './product.ts'
import { ShopSettings } from './shop.ts'

/** What we read of a JSON Schema: enough to find the schema of one field and to word what is expected there. */
export type FieldSchema = {
  type?: string
  description?: string
  examples?: unknown[]
  enum?: string[]
  pattern?: string
  maxLength?: number
  properties?: Record<string, FieldSchema>
  required?: string[]
  items?: FieldSchema
  prefixItems?: FieldSchema[]
  additionalProperties?: FieldSchema | false
}

/** The schema of each kind of file, as editors read it: what people write, before anything is transformed. */
export const EDITOR_SCHEMAS: Record<'shop' | 'product' | 'asset', FieldSchema> = {
  shop: editorSchemaOf(ShopSettings),
  product: editorSchemaOf(Product),
  asset: editorSchemaOf(AssetText),
}

/** The schema of a field, by its path from the top of the file; nothing when there is no such field. */
export function fieldSchemaAt(schema: FieldSchema, path: readonly PropertyKey[]): FieldSchema | undefined {
  let field: FieldSchema | undefined = schema
  for (const key of path) {
    if (!field) return undefined
    if (typeof key === 'number') field = field.prefixItems?.[key] ?? field.items
    else field = ownProperty(field, String(key)) ?? (field.additionalProperties || undefined)
  }
  return field
}

function ownProperty(field: FieldSchema, key: string): FieldSchema | undefined {
  return field.properties && Object.hasOwn(field.properties, key) ? field.properties[key] : undefined
}

/** zod leaves out the examples of whatever is transformed; ours are what people write, so they go back in. */
function editorSchemaOf(schema: z.ZodType): FieldSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema)?.examples
      if (examples) jsonSchema.examples = examples as never
    },
  }) as FieldSchema
}
