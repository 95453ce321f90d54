import type { ContentfulStatusCode } from 'hono/utils/http-status'
import qs from 'qs'
import { z } from 'zod'
import { currencyProblem } from '../../catalog/schema/charge.ts'

/** Limits of a form body. Stripe nests deeper, and sends longer lists, than qs takes by default. */
const FORM_DEPTH_MAX = 20
const FORM_LIST_MAX = 1000
const FORM_PARAMETERS_MAX = 20_000

const METADATA_KEYS_MAX = 50
const METADATA_KEY_LENGTH_MAX = 40
const METADATA_VALUE_LENGTH_MAX = 500
const PAGE_DEFAULT = 10
const PAGE_MAX = 100

/** Stripe's error body, without its envelope `{ error: … }`; its SDK turns each type into an error class. */
type FailureBody = {
  type: 'invalid_request_error' | 'idempotency_error' | 'api_error'
  message: string
  code?: string
  param?: string
}

/** A refusal in Stripe's words. Thrown anywhere below a route; the route answers with it. */
export class StripeFailure extends Error {
  readonly status: ContentfulStatusCode
  readonly body: FailureBody

  constructor(status: ContentfulStatusCode, body: FailureBody) {
    super(body.message)
    this.status = status
    this.body = body
  }
}

/** A request that Stripe would refuse with 400, with the parameter that is to blame where there is one. */
export function refused(message: string, details: { code?: string; param?: string } = {}): StripeFailure {
  return new StripeFailure(400, { type: 'invalid_request_error', message, ...details })
}

/** The object with this id is not there: Stripe's 404, `resource_missing`. */
export function missing(kind: string, id: string, param = 'id'): StripeFailure {
  const message = `No such ${kind}: '${id}'`
  return new StripeFailure(404, { type: 'invalid_request_error', code: 'resource_missing', message, param })
}

/** A whole number, as a form spells it. */
export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/, 'must be an integer')
  .transform(Number)

/** An amount in minor units, never negative. */
export const amount = integer.pipe(z.number().min(0).max(99_999_999))

export const boolean = z.enum(['true', 'false']).transform((text) => text === 'true')

/** Three lower-case letters of a currency that the shop's own money knows. */
export const currency = z.string().superRefine((code, context) => {
  const problem = currencyProblem(code)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

/** An absolute http(s) address. */
export const webAddress = z
  .string()
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'Not a valid URL')

/** Keys and values as Stripe limits them. An empty value unsets a key, so it is left out. */
export const metadata = z
  .record(
    z
      .string()
      .max(METADATA_KEY_LENGTH_MAX)
      .regex(/^[^[\]]*$/),
    z.string().max(METADATA_VALUE_LENGTH_MAX),
  )
  .refine((pairs) => Object.keys(pairs).length <= METADATA_KEYS_MAX, `at most ${METADATA_KEYS_MAX} keys`)
  .transform((pairs) => Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== '')))

const range = z.strictObject({
  gt: integer.optional(),
  gte: integer.optional(),
  lt: integer.optional(),
  lte: integer.optional(),
})

/** The parameters of every list, with the page size filled in. */
export const listParams = z.strictObject({
  limit: integer.pipe(z.number().min(1).max(PAGE_MAX)).default(PAGE_DEFAULT),
  starting_after: z.string().optional(),
  created: range.optional(),
})

export type ListParams = z.output<typeof listParams>

/** Reads a form body or a query as Stripe's SDK writes it. Throws a StripeFailure for one beyond all limits. */
export function parseForm(text: string): Record<string, unknown> {
  try {
    return qs.parse(text, {
      depth: FORM_DEPTH_MAX,
      strictDepth: true,
      arrayLimit: FORM_LIST_MAX,
      parameterLimit: FORM_PARAMETERS_MAX,
      throwOnLimitExceeded: true,
    })
  } catch (error) {
    throw refused(`The request could not be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** The parameters, checked and typed. Throws Stripe's refusal of the first that is unknown, missing or invalid. */
export function checkParams<T>(schema: z.ZodType<T>, params: unknown): T {
  const result = schema.safeParse(params)
  if (result.success) return result.data
  throw refusalOf(result.error.issues, params)
}

function refusalOf(issues: z.core.$ZodIssue[], params: unknown): StripeFailure {
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown) {
    const param = bracketed([...unknown.path, unknown.keys[0] ?? ''])
    return refused(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param })
  }
  const absent = issues.find((issue) => valueAt(params, issue.path) === undefined)
  const issue = absent ?? issues[0]
  const param = bracketed(issue?.path ?? [])
  if (absent) return refused(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
  return refused(`Invalid ${param}: ${issue?.message}`, { code: 'parameter_invalid', param })
}

/** `line_items[0][price_data]`, as Stripe writes the path of a parameter. */
function bracketed([first = '', ...rest]: PropertyKey[]): string {
  return String(first) + rest.map((part) => `[${String(part)}]`).join('')
}

function valueAt(params: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], params)
}
