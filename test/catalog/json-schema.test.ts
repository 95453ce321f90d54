import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { EDITOR_SCHEMAS, fieldSchemaAt } from '../../catalog/schema/json-schema.ts'

const ROOT = join(import.meta.dirname, '../..')
const GOOD = join(ROOT, 'test/fixtures/bad-catalogs/_good')

test.each(Object.entries(EDITOR_SCHEMAS))(
  'the editor schema of a %s is fresh (npm run json-schema)',
  async (name, schema) => {
    const written = await readFile(join(ROOT, `catalog/schema/json-schema/${name}.json`), 'utf8')
    expect(written).toBe(`${JSON.stringify(schema, null, 2)}\n`)
  },
)

test('an editor accepts a good product and refuses an unknown key', async () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(EDITOR_SCHEMAS.product)
  const product = parse(await readFile(join(GOOD, 'products/shirt.yaml'), 'utf8'))
  expect(validate(product)).toBe(true)
  expect(validate({ ...product, colour: 'red' })).toBe(false)
})

test('every field that people write is described', () => {
  const undescribed = Object.entries(EDITOR_SCHEMAS).flatMap(([name, schema]) =>
    Object.entries(schema.properties ?? {}).flatMap(([key, field]) => (field.description ? [] : [`${name}.${key}`])),
  )
  expect(undescribed).toEqual([])
})

test('a field is found by its path, and a name that objects inherit is no field', () => {
  expect(fieldSchemaAt(EDITOR_SCHEMAS.product, ['variants', 0, 'price', 'eur'])?.type).toBe('string')
  expect(fieldSchemaAt(EDITOR_SCHEMAS.shop, ['shipping', 0, 'rates', 0, 'days', 1])?.type).toBe('integer')
  expect(fieldSchemaAt(EDITOR_SCHEMAS.product, ['constructor'])).toBeUndefined()
})
