import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { KeptFact, Store } from '../store/store.ts'
import { FACTS_FOLDER, HEAD_PATH, LedgerHead } from './head.ts'
import { chained, LedgerLine, NO_CHAIN, subjectOf } from './line.ts'

/** The ledger is not as it was written, or there is none. The message says where. */
export class LedgerDamagedError extends Error {
  override name = 'LedgerDamagedError'
}

/** A fact of the ledger, and what it is about. */
export type ToldFact = LedgerLine & { subject: string }

const FACTS_A_PAGE = 1_000

/**
 * Every fact of the ledger in a folder (a clone of its repository), in order. Rejects with a `LedgerDamagedError` at the first place where it
 * is not as it was written: only who reads to the end knows that it is whole. Memory grows with the orders in it.
 */
export async function* readLedger(folder: string): AsyncGenerator<ToldFact> {
  const head = await readHead(folder)
  const versions = new Map<string, number>()
  let [facts, chain] = [0, NO_CHAIN]
  for (const part of await partsIn(folder)) {
    const lines = (await readFile(join(folder, part), 'utf8')).split('\n')
    for (const [n, text] of lines.slice(0, -1).entries()) {
      const line = lineIn(text, `${part}, line ${n + 1}`)
      const version = (versions.get(line.subject) ?? 0) + 1
      facts += 1
      if (line.number !== facts || line.version !== version) {
        throw new LedgerDamagedError(
          `${part}, line ${n + 1}: fact ${line.number} follows on ${facts - 1}; something is missing or twice there.`,
        )
      }
      versions.set(line.subject, version)
      chain = chained(chain, text)
      yield line
    }
  }
  if (facts !== head.facts)
    throw new LedgerDamagedError(`${HEAD_PATH} counts ${head.facts} facts, and there are ${facts}.`)
  if (chain !== head.chain)
    throw new LedgerDamagedError(
      'A fact in the ledger was changed after it was written: its history in git shows which.',
    )
}

async function readHead(folder: string): Promise<LedgerHead> {
  const text = await readFile(join(folder, HEAD_PATH), 'utf8').catch(() => {
    throw new LedgerDamagedError(`${folder} holds no ledger: it has no ${HEAD_PATH}.`)
  })
  const head = LedgerHead.safeParse(parsed(text))
  if (!head.success) throw new LedgerDamagedError(`${HEAD_PATH} is not one that this version of Tagsale wrote.`)
  return head.data
}

/** Parts by day, then by number. */
async function partsIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, FACTS_FOLDER), { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const isPart = (path: string) => /^facts\/\d{4}\/\d\d\/\d\d\/\d{4,}\.jsonl$/.test(path)
  return paths
    .map((path) => path.replaceAll(sep, '/'))
    .filter(isPart)
    .toSorted(byNumbers)
}

const byNumbers = new Intl.Collator('en', { numeric: true }).compare

function lineIn(text: string, where: string): ToldFact {
  const line = LedgerLine.safeParse(parsed(text))
  if (!line.success) throw new LedgerDamagedError(`${where}: no fact that this version of Tagsale knows.`)
  return { ...line.data, subject: subjectOf(line.data.fact) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Every fact of the store, in the order of writing. */
export async function* storedFacts(store: Pick<Store, 'facts'>, now: Date): AsyncGenerator<KeptFact> {
  for (let after = 0; ; ) {
    const page = await store.facts(after, FACTS_A_PAGE, now)
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.position
  }
}
