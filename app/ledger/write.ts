import { type JobOutcome, jobDueAt } from '../job/job.ts'
import { ensureSweep, type Sweep, sweptAgain } from '../job/sweep.ts'
import type { Parts } from '../parts.ts'
import { extended } from './head.ts'
import { lineOf } from './line.ts'
import { LedgerRefusedError, openLedger } from './repository.ts'

// Every minute, facts that the ledger lacks go there in one commit, with the head that counts them. The head is the only mark: what a
// crash left unknown is read there, and a commit on anything but the head that was read is refused. So no fact is there twice.

type LedgerParts = Pick<Parts, 'store' | 'githubApp' | 'now' | 'log'>

const SWEEP: Sweep = { id: 'write-ledger', kind: 'write-ledger', everySeconds: 60, overlapMinutes: 0, keptMinutes: 60 }
/** About 2 MB. GitHub takes more, but who waits for it can't be sure of the answer. */
export const FACTS_A_COMMIT_MAX = 5_000
/** When there is more to write: three commits a minute, of the eight that GitHub forgives on the whole. */
const MORE_AFTER_SECONDS = 20
/** A person has to do something first; it is said again each time. */
const REFUSED_AGAIN_MINUTES = 15

/** Makes sure that the ledger is written from now on, where one is named; called at start. */
export async function startLedger(parts: Pick<Parts, 'config' | 'store' | 'now'>): Promise<void> {
  if (!parts.config.LEDGER_REPOSITORY) return
  const jobs = ensureSweep(SWEEP, await parts.store.job(SWEEP.id), parts.now())
  if (jobs.length > 0) await parts.store.transact({}, () => ({ jobs }))
}

/** Brings the ledger up to what the store has, and says when to look again. */
export async function writeLedger(
  parts: LedgerParts & Pick<Parts, 'config'>,
  since: Date,
  begun: Date,
): Promise<JobOutcome> {
  const repository = parts.config.LEDGER_REPOSITORY
  if (!repository) return { end: 'done' }
  const again = (seconds: number): JobOutcome => {
    const dueAt = new Date(begun.getTime() + seconds * 1000).toISOString()
    return { end: 'again', job: jobDueAt(dueAt, { kind: SWEEP.kind, since: begun.toISOString() }, SWEEP.id) }
  }
  try {
    const written = await extendLedger(parts, repository)
    return written < FACTS_A_COMMIT_MAX ? sweptAgain(SWEEP, since, begun, written) : again(MORE_AFTER_SECONDS)
  } catch (error) {
    if (!(error instanceof LedgerRefusedError)) throw error
    parts.log.error({ repository, reason: `${error.message} ${error.mend}` }, 'the ledger needs a person')
    return again(REFUSED_AGAIN_MINUTES * 60)
  }
}

/** Commits the facts that come after the ledger's last, as many as fit into one commit. Gives how many. */
async function extendLedger({ store, githubApp, now, log }: LedgerParts, repository: string): Promise<number> {
  const { head, document } = await openLedger(githubApp, repository)
  const { last } = head.data
  const kept = last ? await store.fact(last.subject, last.version) : undefined
  if (last && !kept) throw notTheStores(repository, head.data.facts)
  const facts = await store.facts(kept?.position ?? 0, FACTS_A_COMMIT_MAX, now())
  if (facts.length === 0) return 0
  const newestPart = last ? ((await document.file(last.part)) ?? '') : ''
  if (kept && lineOf(head.data.facts, kept) !== newestPart.split('\n').at(-2))
    throw notTheStores(repository, head.data.facts)
  const { head: after, parts } = extended(head.data, newestPart, facts)
  document.alongside(parts, `Add ${facts.length === 1 ? 'a fact' : `${facts.length} facts`}, up to ${after.facts}`)
  head.data = after
  await head.write()
  log.info({ repository, facts: facts.length, all: after.facts }, 'ledger written')
  return facts.length
}

const notTheStores = (repository: string, facts: number) =>
  new LedgerRefusedError(
    `The ledger in ${repository} has ${facts} facts, and the last of them is not in this store: the store is older, or another shop's.`,
    'Make it whole with `npx tagsale rebuild`, or name an empty private repository in LEDGER_REPOSITORY.',
  )
