import { hash } from 'node:crypto'
import { z } from 'zod'
import { OrderEvent } from '../order/event.ts'
import { ShopEvent } from '../shop/event.ts'
import type { KeptFact } from '../store/store.ts'

/** A fact as the ledger has it: `number` counts all of them from 1, `version` those about its order, or about the shop. */
export const LedgerLine = z.object({
  number: z.int().min(1),
  version: z.int().min(1),
  fact: z.union([OrderEvent, ShopEvent]),
})
export type LedgerLine = z.output<typeof LedgerLine>

/** The same fact, however its keys were ordered and whatever else stood there. Throws when it is none. */
export const canonical = (fact: unknown): string => JSON.stringify(LedgerLine.shape.fact.parse(fact))

/** What a fact is about: its order, or '' for the shop itself. */
export const subjectOf = (fact: LedgerLine['fact']): string => ('order' in fact ? fact.order : '')

/** The fact's line, without its end. */
export const lineOf = (number: number, { version, fact }: Pick<KeptFact, 'version' | 'fact'>): string =>
  JSON.stringify({ number, version, fact })

/** Nothing was written yet. */
export const NO_CHAIN = ''

/** Stands for this line and all before it, so that nobody changes one unnoticed. */
export const chained = (before: string, line: string): string => hash('sha256', `${before}\n${line}`)
