import { z } from 'zod'
import type { KeptFact } from '../store/store.ts'
import { chained, lineOf, NO_CHAIN } from './line.ts'

// How the ledger lies in its repository: lines in parts by day, and a head that says up to where. Both change in one commit. A commit
// rewrites only the newest part, and parts are short: however much a day sells, each commit sends about as much as it adds.

/** A full part is never touched again. */
export const PART_BYTES_MAX = 128_000

/** The file that says how far the ledger goes. */
export const HEAD_PATH = 'head.json'
/** Where the parts lie: `facts/2026/11/24/0001.jsonl`. */
export const FACTS_FOLDER = 'facts'

const FORMAT = 1
export const LedgerHead = z.object({
  format: z.literal(FORMAT),
  /** How many lines there are. */
  facts: z.int().min(0),
  /** Stands for all of them. */
  chain: z.string(),
  /** The part with the last line, and what that is about: another store may have it in another position, and still goes on after it. */
  last: z.object({ part: z.string(), subject: z.string(), version: z.int() }).nullable(),
})
export type LedgerHead = z.output<typeof LedgerHead>

/** A ledger with nothing in it. */
export const EMPTY_HEAD: LedgerHead = { format: FORMAT, facts: 0, chain: NO_CHAIN, last: null }

/** What these facts make of a ledger, given its newest part: the head after them, and the parts that change. */
export function extended(
  head: LedgerHead,
  newestPart: string,
  facts: readonly KeptFact[],
): { head: LedgerHead; parts: ReadonlyMap<string, string> } {
  const parts = new Map<string, string>()
  let after = head
  let open = { text: newestPart, bytes: Buffer.byteLength(newestPart) }
  for (const kept of facts) {
    const line = lineOf(after.facts + 1, kept)
    const bytes = Buffer.byteLength(line) + 1
    const part = partFor(after.last?.part, kept.fact.at.slice(0, 10), open.bytes + bytes > PART_BYTES_MAX)
    if (part !== after.last?.part) open = { text: '', bytes: 0 }
    open = { text: `${open.text}${line}\n`, bytes: open.bytes + bytes }
    parts.set(part, open.text)
    const last = { part, subject: kept.subject, version: kept.version }
    after = { ...after, facts: after.facts + 1, chain: chained(after.chain, line), last }
  }
  return { head: after, parts }
}

/** The newest part, or a new one where that is full or of an earlier day. Days never go back, so parts are in order whatever a clock said. */
function partFor(newest: string | undefined, day: string, isFull: boolean): string {
  const folder = `${FACTS_FOLDER}/${day.replaceAll('-', '/')}`
  const newestFolder = newest?.slice(0, newest.lastIndexOf('/'))
  if (!newest || !newestFolder || newestFolder < folder) return `${folder}/0001.jsonl`
  if (!isFull) return newest
  const number = Number.parseInt(newest.slice(newestFolder.length + 1), 10)
  return `${newestFolder}/${String(number + 1).padStart(4, '0')}.jsonl`
}
