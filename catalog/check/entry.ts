import type { z } from 'zod'
import { meantKeys, problemsOfIssues } from '../problem/issue.ts'
import type { CatalogProblem } from '../problem/problem.ts'
import type { FieldSchema } from '../schema/json-schema.ts'
import type { YamlFile } from '../yaml.ts'

/** A file that was held against its schema. */
export type Entry<Value> = {
  id: string
  yaml: YamlFile
  /** The fields that are right, so that one mistake does not hide the others; all of them when `whole` is there. */
  sound: Partial<Value>
  /** The keys with a mistake inside: nothing more is said about them. */
  broken: ReadonlySet<string>
  whole: Value | null
}

/** Holds a file against its schema: its sound fields, and a problem for each mistake. */
export function readEntry<Shape extends z.core.$ZodLooseShape>(
  yaml: YamlFile,
  id: string,
  schema: z.ZodObject<Shape, z.core.$strict>,
  editorSchema: FieldSchema,
): { entry: Entry<z.output<z.ZodObject<Shape, z.core.$strict>>>; problems: CatalogProblem[] } {
  type Value = z.output<typeof schema>
  const parsed = schema.safeParse(yaml.value)
  if (parsed.success) {
    return {
      entry: { id, yaml, sound: parsed.data as Partial<Value>, broken: new Set(), whole: parsed.data },
      problems: [],
    }
  }
  const { issues } = parsed.error
  const meant = issues.flatMap((issue) => meantKeys(yaml, editorSchema, issue)).map((path) => JSON.parse(path)[0])
  const broken = new Set([...issues.flatMap(({ path }) => path.slice(0, 1)), ...meant].map(String))
  const fields = Object.entries(isGroup(yaml.value) ? yaml.value : {})
  const kept = Object.fromEntries(fields.filter(([key]) => !broken.has(key) && Object.hasOwn(schema.shape, key)))
  const sound = schema.partial().safeParse(kept)
  const problems = problemsOfIssues(yaml, editorSchema, issues)
  return { entry: { id, yaml, sound: (sound.data ?? {}) as Partial<Value>, broken, whole: null }, problems }
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
