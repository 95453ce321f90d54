import { z } from 'zod'
import { Refusal } from '../answer.ts'

// The bounds are GitHub's: https://docs.github.com/en/rest/checks/runs#create-a-check-run
const ANNOTATIONS_A_REQUEST_MAX = 50
const ACTIONS_MAX = 3
const TITLE_CHARACTERS_MAX = 255
const TEXT_CHARACTERS_MAX = 65_535
const MESSAGE_BYTES_MAX = 64 * 1024

export const CHECK_STATUSES = ['queued', 'in_progress', 'completed', 'waiting', 'requested', 'pending'] as const
const CONCLUSIONS = ['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'timed_out'] as const
export type CheckStatus = (typeof CHECK_STATUSES)[number]
export type Conclusion = (typeof CONCLUSIONS)[number]

const shortText = z.string().refine((text) => Buffer.byteLength(text) <= MESSAGE_BYTES_MAX, 'is longer than 64 KB')
const NewAnnotation = z
  .object({
    path: z.string().min(1),
    start_line: z.int().min(1),
    end_line: z.int().min(1),
    start_column: z.int().min(1).optional(),
    end_column: z.int().min(1).optional(),
    annotation_level: z.enum(['notice', 'warning', 'failure']),
    message: shortText.min(1),
    title: z.string().max(TITLE_CHARACTERS_MAX).optional(),
    raw_details: shortText.optional(),
  })
  .refine(({ start_line, end_line }) => start_line <= end_line, 'end_line must not be before start_line')
  .refine(
    ({ start_line, end_line, start_column, end_column }) =>
      start_line === end_line || (start_column === undefined && end_column === undefined),
    'columns need start_line and end_line to be the same',
  )
export type NewAnnotation = z.output<typeof NewAnnotation>

const NewAction = z.object({
  label: z.string().max(20),
  description: z.string().max(40),
  identifier: z.string().max(20),
})
export type NewAction = z.output<typeof NewAction>

const Output = z.object({
  title: z.string().max(TITLE_CHARACTERS_MAX).optional(),
  summary: z.string().max(TEXT_CHARACTERS_MAX),
  text: z.string().max(TEXT_CHARACTERS_MAX).optional(),
  annotations: z.array(NewAnnotation).optional(),
})
const Common = {
  details_url: z.url().optional(),
  external_id: z.string().optional(),
  status: z.enum(CHECK_STATUSES).optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  conclusion: z.enum(CONCLUSIONS).optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  actions: z.array(NewAction).max(ACTIONS_MAX).optional(),
}

/** What makes a check run; its output needs a title. */
export const NewCheck = z.object({
  ...Common,
  name: z.string().min(1),
  head_sha: z.string(),
  output: Output.required({ title: true }).optional(),
})
export type NewCheck = z.output<typeof NewCheck>

/** What changes one. Annotations are added to those that are there; title, summary and text take the place of the old. */
export const CheckChange = z.object({ ...Common, name: z.string().min(1).optional(), output: Output.optional() })
export type ChangedCheck = z.output<typeof CheckChange>

/** Refuses, in GitHub's words, more annotations than one request may bring, and a completed check without a conclusion. */
export function requireLimits({ status, conclusion, output }: ChangedCheck): void {
  const count = output?.annotations?.length ?? 0
  if (count > ANNOTATIONS_A_REQUEST_MAX) {
    throw new Refusal(
      422,
      `Invalid request.\n\nNo more than ${ANNOTATIONS_A_REQUEST_MAX} items are allowed; ${count} were supplied.`,
    )
  }
  if (status === 'completed' && !conclusion) {
    throw new Refusal(422, 'Invalid request.\n\nMissing conclusion: required when status is `completed`.')
  }
}
