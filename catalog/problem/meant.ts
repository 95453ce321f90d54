import { isScalar } from 'yaml'
import type { z } from 'zod'
import type { FieldSchema } from '../schema/json-schema.ts'
import { withoutLookAlikes } from '../schema/letters.ts'
import { toDecimalText, toMinorUnits } from '../schema/money.ts'
import { VERSION_PLACE } from '../schema/version.ts'
import type { Path, YamlFile } from '../yaml.ts'
import { nearestWord } from './spelling.ts'

/** Longest list of choices that a sentence spells out and a spelling is compared with. */
export const CHOICES_TOLD_MAX = 12
const AMOUNT_FIELDS = new Set(['price', 'minimum', 'suggested'])

/** Whether a path leads to one amount of a price, so that its last key is a currency. */
export function isAmountPath(path: Path): boolean {
  return AMOUNT_FIELDS.has(String(path.at(-2)))
}

/** The value that was probably meant, where a slight change makes it right. */
export function meantValue(
  yaml: YamlFile,
  issue: z.core.$ZodIssue,
  field: FieldSchema | undefined,
  value: unknown,
): unknown {
  if (issue.path.length === 0 || !field) return undefined
  if (value === null || value === '') return field.examples?.[0]
  const source = sourceAt(yaml, issue.path)
  const amount = meantAmount(issue.path, source ?? value)
  if (amount !== undefined) return amount
  if (issue.code === 'invalid_type') return otherType(issue.expected, field, value, source)
  if (typeof value !== 'string') return undefined
  return (
    nearestWord(value, field.enum && field.enum.length <= CHOICES_TOLD_MAX ? field.enum : []) ??
    fittingText(value, field)
  )
}

/** The text that was probably meant where a field has a form: the first slight change of it that fits. */
export function fittingText(text: string, schema: FieldSchema): string | undefined {
  const seen = withoutLookAlikes(text.normalize('NFKC')).replaceAll(/\p{Cf}/gu, '')
  const plain = seen.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
  const words = plain.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
  const hyphened = words.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  const repository = plain.replace(/^https:\/\/github\.com\//, '').replace(/\.git$/, '')
  const versioned = plain.replaceAll(/\{[^{}]*\}/g, VERSION_PLACE)
  const digest = plain.toLowerCase().replace(/^sha-?256:\s*/, '')
  const formed = [plain.toUpperCase(), versioned, digest, repository, plain.replace(/^.*\//, ''), hyphened]
  const candidates = [plain, plain.replace(/^http:/, 'https:'), ...(schema.pattern || schema.enum ? formed : [])]
  return candidates.find((candidate) => candidate !== text && candidate !== '' && fits(candidate, schema))
}

/** A value as it is written in the file: `19.00`, where YAML reads the number 19. */
export function sourceAt(yaml: YamlFile, path: Path): string | undefined {
  const { value } = yaml.nodesAt(path)
  return isScalar(value) ? value.source : undefined
}

function otherType(expected: string, field: FieldSchema, value: unknown, source: string | undefined): unknown {
  if (expected === 'string') return typeof value === 'object' ? undefined : (source ?? String(value))
  if (expected === 'array' && field.items?.type === 'string' && typeof value === 'string') {
    return value.split(/[,\s]+/).map((word) => fittingText(word, field.items ?? {}) ?? word)
  }
  const digits = typeof value === 'string' ? /^(\d+)(?: ?g| ?grams)?$/.exec(value)?.[1] : undefined
  if ((expected === 'int' || expected === 'number') && digits) return Number(digits)
  if (expected === 'record' && (typeof value === 'string' || typeof value === 'number')) {
    return amountsLike(field.examples?.[0], source ?? value)
  }
  return undefined
}

/** The example of a group of amounts, with the amount that is there in place of its own. */
function amountsLike(example: unknown, value: unknown): unknown {
  if (typeof example !== 'object' || example === null) return example
  const amounts = Object.keys(example).map((currency) => [currency, meantAmount(['price', currency], value)])
  return amounts.every(([, amount]) => amount !== undefined) ? Object.fromEntries(amounts) : example
}

/** An amount as it should be written, `19,5` → `19.50`; cut, never rounded up, when it has too many decimals. */
function meantAmount(path: Path, value: unknown): string | undefined {
  if (!isAmountPath(path)) return undefined
  const currency = String(path.at(-1))
  const match = /^[€$£ ]*(\d+)(?:[.,](\d+))?[€$£ ]*$/.exec(String(value))
  if (!match?.[1] || !/^[a-z]{3}$/.test(currency)) return undefined
  const whole = String(Number(match[1]))
  const decimals = (match[2] ?? '').slice(0, 2)
  for (const text of [decimals ? `${whole}.${decimals}` : whole, whole]) {
    try {
      return toDecimalText({ amount: toMinorUnits(text, currency), currency })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  return undefined
}

function fits(text: string, schema: FieldSchema): boolean {
  if (schema.maxLength !== undefined && text.length > schema.maxLength) return false
  if (schema.enum) return schema.enum.includes(text)
  return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(text)
}
