import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** The kinds of error that Stripe's API names and its SDK turns into error classes. */
export type FailureType = 'invalid_request_error' | 'idempotency_error' | 'api_error'

/** Stripe's error body, without its envelope: `{ error: … }`. */
export type FailureBody = { type: FailureType; message: string; code?: string; param?: string }

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
