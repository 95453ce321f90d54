import type { Parts } from '../../parts.ts'
import type { ProblemInput } from '../problem.ts'

const PREPARED_SECONDS = 5
const OPENED_SECONDS = 300

/** What buyers are told while nothing is sold: not open yet, closed, or in a moment. Nothing while the shop is open. */
export async function closedProblem(parts: Pick<Parts, 'store' | 'shop'>): Promise<ProblemInput | undefined> {
  if (parts.shop.isOpen()) return undefined
  const { live, closed } = await parts.store.shop()
  if (!live) {
    const detail = 'This shop is not open yet. Nothing is sold here so far; come back soon.'
    return { status: 503, title: 'Not open yet', detail, retryAfterSeconds: OPENED_SECONDS }
  }
  if (!closed) return BEING_PREPARED
  const detail =
    'The shop is closed just now, and nothing is sold. What you bought stays yours: your order page works as before.'
  return { status: 503, title: 'The shop is closed', detail, retryAfterSeconds: OPENED_SECONDS }
}

/** Its pages are not built yet. */
export const BEING_PREPARED: ProblemInput = {
  status: 503,
  title: 'In a moment',
  detail: 'The shop is being prepared. Please try again in a moment.',
  retryAfterSeconds: PREPARED_SECONDS,
}
