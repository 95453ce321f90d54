// Writes the JSON Schemas that editors read next to the zod schemas they come from: npm run json-schema
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EDITOR_SCHEMAS } from '../../catalog/schema/json-schema.ts'

const FOLDER = join(import.meta.dirname, '../../catalog/schema/json-schema')

await mkdir(FOLDER, { recursive: true })
for (const [name, schema] of Object.entries(EDITOR_SCHEMAS)) {
  await writeFile(join(FOLDER, `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`)
}
