import type { z } from 'zod'
import { currencyProblem } from '../schema/charge.ts'
import { type FieldSchema, fieldSchemaAt } from '../schema/json-schema.ts'
import type { Path, YamlFile } from '../yaml.ts'
import { CHOICES_TOLD_MAX, fittingText, isAmountPath, meantValue, sourceAt } from './meant.ts'
import { withAddedKey, withKey, withValue } from './mend.ts'
import { type CatalogProblem, type Mended, quoted } from './problem.ts'
import { fieldSubject, problemAt, standsAt } from './report.ts'
import { allOf, nearestWord, oneOf } from './spelling.ts'

/** Most unknown keys that are told of one group. */
const UNKNOWN_KEYS_MAX = 20
const KINDS: Record<string, string> = {
  string: 'text, in quotes when it looks like a number',
  number: 'a whole number, without quotes',
  int: 'a whole number',
  array: 'a list, with a hyphen before each entry',
  tuple: 'a list of two numbers, such as [3, 7]',
  object: 'a group of lines, indented below it',
  record: 'a group of lines, indented below it',
}

/** What a schema found wrong, in plain words, each at its place. */
export function problemsOfIssues(
  yaml: YamlFile,
  schema: FieldSchema,
  issues: readonly z.core.$ZodIssue[],
): CatalogProblem[] {
  const misspelled = new Set(issues.flatMap((issue) => meantKeys(yaml, schema, issue)))
  const told = issues.filter((issue) => !misspelled.has(JSON.stringify(issue.path)))
  return told.flatMap((issue) => problemsOfIssue(yaml, schema, issue))
}

function problemsOfIssue(yaml: YamlFile, schema: FieldSchema, issue: z.core.$ZodIssue): CatalogProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, UNKNOWN_KEYS_MAX).map((key) => unknownKey(yaml, schema, issue.path, key))
  }
  if (issue.code === 'invalid_key') return [badKey(yaml, issue.path, issue.issues[0]?.message ?? issue.message)]
  if (issue.path.length === 0) return [notAGroup(yaml)]
  if (isAmountPath(issue.path) && currencyProblem(String(issue.path.at(-1)))) {
    return [badKey(yaml, issue.path, issue.message)]
  }
  return standsAt(yaml, issue.path) ? [badValue(yaml, schema, issue)] : [missingField(yaml, schema, issue)]
}

/** The paths of missing keys that are there after all, only misspelled: the unknown key tells it. */
export function meantKeys(yaml: YamlFile, schema: FieldSchema, issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return []
  return issue.keys.slice(0, UNKNOWN_KEYS_MAX).flatMap((key) => {
    const meant = meantKey(yaml, schema, issue.path, key)
    return meant === undefined ? [] : [JSON.stringify([...issue.path, meant])]
  })
}

function meantKey(yaml: YamlFile, schema: FieldSchema, path: Path, key: string): string | undefined {
  const group = valueAt(yaml, path) as object
  const known = Object.keys(fieldSchemaAt(schema, path)?.properties ?? {})
  return nearestWord(
    key,
    known.filter((name) => !Object.hasOwn(group, name)),
  )
}

function notAGroup(yaml: YamlFile): CatalogProblem {
  const found = yaml.value === null ? 'This file says nothing.' : 'This file is not made of keys and values.'
  const expected = 'Each line is a key, a colon and a value, such as "name: Field guide".'
  return problemAt(yaml, [], { found, expected })
}

function unknownKey(yaml: YamlFile, schema: FieldSchema, path: Path, key: string): CatalogProblem {
  const known = Object.keys(fieldSchemaAt(schema, path)?.properties ?? {})
  const meant = meantKey(yaml, schema, path, key)
  const expected = meant ? `Did you mean "${meant}"?` : `The keys here are ${allOf(known)}.`
  const mended = meant ? withKey(yaml, [...path, key], meant) : null
  const where = path.length === 0 ? '' : ` in ${inSentence(path)}`
  const found = `There is no key ${quoted(key)}${where}.`
  return problemAt(yaml, [...path, key], { found, expected, mended, on: 'key' })
}

function badKey(yaml: YamlFile, path: Path, message: string): CatalogProblem {
  const key = String(path.at(-1))
  const meant = fittingText(key, { pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' })
  const mended = meant === undefined ? null : withKey(yaml, path, meant)
  return problemAt(yaml, path, { found: `The key is ${quoted(key)}.`, expected: sentence(message), mended, on: 'key' })
}

function missingField(yaml: YamlFile, schema: FieldSchema, issue: z.core.$ZodIssue): CatalogProblem {
  const key = String(issue.path.at(-1))
  const group = issue.path.slice(0, -1)
  const field = fieldSchemaAt(schema, issue.path)
  const example = field?.examples?.[0] ?? field?.enum?.[0]
  const order = Object.keys(fieldSchemaAt(schema, group)?.properties ?? {})
  const where = group.length === 0 ? 'here' : `in ${inSentence(group)}`
  return problemAt(yaml, group, {
    found: `"${key}" is missing ${where}.`,
    expected: expectationOf(issue, field),
    mended: example === undefined ? null : withAddedKey(yaml, group, { [key]: example }, order),
    on: 'key',
  })
}

function badValue(yaml: YamlFile, schema: FieldSchema, issue: z.core.$ZodIssue): CatalogProblem {
  const field = fieldSchemaAt(schema, issue.path)
  const value = valueAt(yaml, issue.path)
  const meant = meantValue(yaml, issue, field, value)
  const nearest = typeof value === 'string' && meant === nearestWord(value, field?.enum ?? []) ? meant : undefined
  const expected = `${expectationOf(issue, field, value)}${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`
  const mended: Mended | null = meant === undefined ? null : withValue(yaml, issue.path, meant)
  return problemAt(yaml, issue.path, { found: foundSentence(yaml, issue, value), expected, mended })
}

function foundSentence(yaml: YamlFile, issue: z.core.$ZodIssue, value: unknown): string {
  const name = fieldSubject(issue.path)
  if (isEmpty(value)) return `${name} is empty.`
  if (issue.code === 'too_big' && typeof value === 'string') return `${name} has ${value.length} characters.`
  if (Array.isArray(value)) return `${name} has ${value.length === 1 ? '1 entry' : `${value.length} entries`}.`
  if (typeof value === 'object') return `${name} has lines below it.`
  if (typeof value === 'string') return `${name} is ${quoted(value)}.`
  return `${name} is ${typeof value === 'number' ? `the number ${sourceAt(yaml, issue.path) ?? value}` : String(value)}.`
}

function expectationOf(issue: z.core.$ZodIssue, field: FieldSchema | undefined, value?: unknown): string {
  const own = /^(Invalid|Too|Unrecognized)/.test(issue.message) ? undefined : sentence(issue.message)
  const needed = field?.description ? `It is needed: ${lowerFirst(sentence(field.description))}` : undefined
  if (own) return own
  if (issue.code === 'invalid_type') {
    const kind = `It is ${KINDS[issue.expected] ?? issue.expected}.`
    return value === undefined || isEmpty(value) ? (needed ?? kind) : kind
  }
  if (issue.code === 'invalid_value' && issue.values.length <= CHOICES_TOLD_MAX) {
    return `It is ${oneOf(issue.values.map(String))}.`
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return limitSentence(issue, needed)
  return needed ?? sentence(issue.message)
}

function limitSentence(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, needed: string | undefined): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum
  const bound = `${issue.code === 'too_small' ? 'at least' : 'at most'} ${limit.toLocaleString('en')}`
  if (issue.origin === 'string' && issue.code === 'too_small') return needed ?? 'It is text.'
  if (issue.origin === 'string') return `It has ${bound} characters.`
  if (issue.origin === 'array') return `It has ${bound} ${Number(limit) === 1 ? 'entry' : 'entries'}.`
  return `It is ${bound}.`
}

function valueAt(yaml: YamlFile, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null)?.[key], yaml.value)
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** A field inside a sentence: `"price.eur"`, `entry 2 of "tags"`. */
function inSentence(path: Path): string {
  return lowerFirst(fieldSubject(path))
}

function sentence(text: string): string {
  const closed = /[.?!]$/.test(text) ? text : `${text}.`
  return /^(https?:|[a-z]+\/)/.test(text) ? closed : capital(closed)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
