import { verify } from '@octokit/webhooks-methods'
import { z } from 'zod'

const Repository = z.object({ full_name: z.string(), default_branch: z.string().optional() })

/** The few things we read of a delivery: enough to know where to look. Nothing else in it is believed. */
const Payload = z.object({
  action: z.string().optional(),
  ref: z.string().optional(),
  repository: Repository.optional(),
  sender: z.object({ type: z.string() }).optional(),
  pull_request: z.object({ number: z.int(), head: z.object({ ref: z.string() }) }).optional(),
  issue: z.object({ number: z.int(), pull_request: z.object({}).optional() }).optional(),
  comment: z.object({ body: z.string().nullish() }).optional(),
  check_run: z.object({ external_id: z.string().nullish() }).optional(),
  merge_group: z.object({ head_sha: z.string(), base_ref: z.string().optional() }).optional(),
})
export type GitHubPayload = z.output<typeof Payload>

/** A genuine delivery of GitHub's. */
export type GitHubDelivery = { event: string; payload: GitHubPayload }

export type GitHubHeaders = { id: string | undefined; event: string | undefined; signature: string | undefined }

/**
 * Checks the signature on the raw bytes, then reads what the delivery is about. Nothing when it is not genuine.
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export async function verifyGitHubDelivery(
  secret: string,
  raw: string,
  { id, event, signature }: GitHubHeaders,
): Promise<GitHubDelivery | undefined> {
  if (!id || !event || !signature || !raw || !(await verify(secret, raw, signature))) return undefined
  const payload = Payload.safeParse(parseJson(raw))
  // Genuine, and of a shape that we don't know: it causes nothing.
  return { event, payload: payload.success ? payload.data : {} }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
