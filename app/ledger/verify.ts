import type Stripe from 'stripe'
import { missingEvents } from '../order/decide.ts'
import type { Fact } from '../order/event.ts'
import type { Store } from '../store/store.ts'
import { fetchPayment } from '../stripe/payment.ts'
import { subjectOf } from './line.ts'
import { eachSession } from './payments.ts'
import { LedgerDamagedError, readLedger, storedFacts } from './read.ts'
import { count, type Tallied, type Tally } from './tally.ts'

/** What was compared, and each difference in a sentence. */
export type Comparison = { compared: number; differences: readonly string[] }

type Looking = Pick<Store, 'facts' | 'order'>

/** The ledger is written every minute; what is older and not there has been forgotten. */
const LATE_MINUTES = 15
/** Enough to see what is wrong. */
const NAMED_MAX = 50

/** Compares each fact of the store with the ledger in a folder (a clone of its repository). O(facts); memory grows with the orders. */
export async function compareWithLedger(store: Looking, folder: string, now: Date): Promise<Comparison> {
  const told: Tally = new Map()
  const kept: Tally = new Map()
  let [compared, late] = [0, 0]
  const isLate = (at: string) => Date.parse(at) < now.getTime() - LATE_MINUTES * 60_000
  try {
    for await (const { subject, fact } of readLedger(folder)) count(told, subject, fact)
  } catch (error) {
    if (!(error instanceof LedgerDamagedError)) throw error
    return { compared, differences: [`The ledger: ${error.message}`] }
  }
  for await (const { subject, version, fact } of storedFacts(store, now)) {
    if (version <= (told.get(subject)?.facts ?? 0)) count(kept, subject, fact)
    else if (isLate(fact.at)) late += 1
    compared += 1
  }
  const others = [...told].flatMap(([subject, one]) => difference(subject, one, kept.get(subject)))
  const missing =
    late > 0
      ? [
          `${late} facts of the store are not in the ledger, though they are older than ${LATE_MINUTES} minutes: pull the clone, then see whether the shop writes it.`,
        ]
      : []
  return { compared, differences: shortened([...missing, ...others]) }
}

function difference(subject: string, told: Tallied, kept: Tallied | undefined): string[] {
  const name = subject || 'The shop itself'
  if (!kept) return [`${name} is in the ledger, and not in the store.`]
  if (kept.facts < told.facts) return [`${name} has ${told.facts} facts in the ledger, and ${kept.facts} in the store.`]
  return kept.digest === told.digest ? [] : [`${name} has other facts in the ledger than in the store.`]
}

const shortened = (sentences: readonly string[]): readonly string[] =>
  sentences.length <= NAMED_MAX
    ? sentences
    : [...sentences.slice(0, NAMED_MAX), `And ${sentences.length - NAMED_MAX} more like these.`]

/** Compares the orders of the store with what Stripe says of each Session since then, in both directions. */
export async function compareWithStripe(
  { store, stripe }: { store: Looking; stripe: Stripe },
  since: Date,
  now: Date,
): Promise<Comparison> {
  const differences: string[] = []
  const seen = new Set<string>()
  const { shops, paid } = await paidSince(store, since, now)
  await eachSession(stripe, since, async ({ id, order: name, shop, isPaid }) => {
    seen.add(id)
    const order = await store.order(name)
    if (!order) {
      if (shops.has(shop))
        differences.push(
          `Stripe has ${isPaid ? 'a payment for' : 'a page for'} ${name} (${id}), which the store does not have.`,
        )
      return
    }
    const payment = await fetchPayment(stripe, id)
    const facts = payment ? missingEvents(order, payment.snapshot) : []
    if (facts.length > 0)
      differences.push(`Stripe says of ${name} what the store does not: it ${facts.map(wordsFor).join(', and ')}.`)
  })
  for (const [checkout, order] of paid) {
    if (!seen.has(checkout))
      differences.push(`${order} is paid in the store, and Stripe does not have its page ${checkout}.`)
  }
  return { compared: seen.size, differences: shortened(differences) }
}

/** The shops that the store's orders are of, and, by their Session, those orders opened since then that are paid. */
async function paidSince(store: Looking, since: Date, now: Date) {
  const shops = new Set<string>()
  const opened = new Map<string, string>()
  const paid = new Map<string, string>()
  for await (const { fact } of storedFacts(store, now)) {
    const order = subjectOf(fact)
    if (fact.type === 'order.placed') shops.add(fact.shop)
    if (fact.type === 'order.checkout_opened' && Date.parse(fact.at) >= since.getTime() + 60_000)
      opened.set(order, fact.checkout)
    const checkout = fact.type === 'order.paid' ? opened.get(order) : undefined
    if (checkout !== undefined) paid.set(checkout, order)
  }
  return { shops, paid }
}

const WORDS: Partial<Record<Fact['type'], string>> = {
  'order.checkout_opened': 'has a payment page',
  'order.payment_processing': 'is being paid',
  'order.paid': 'is paid',
  'order.payment_failed': 'could not be paid',
  'order.canceled': 'was not paid in time',
  'order.refunded': 'was refunded',
  'order.refund_failed': 'has a refund that failed',
  'order.disputed': 'is disputed',
  'order.dispute_closed': 'has a dispute that is over',
  'order.stalled': 'needs a person',
}
const wordsFor = ({ type }: Fact): string => WORDS[type] ?? type
