import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Database } from './database.ts'
import type { Sealer } from './seal.ts'
import { type Statement, sql } from './sql.ts'
import type { Limit, Limiter } from './store.ts'

// Counters of what a key does. One process counts in its memory; several count in a table of theirs, by the database's clock.

/** Nobody waits longer to be counted. */
const COUNT_MILLISECONDS_MAX = 1_000

/** Of one limit. Strangers have more addresses than we have memory; those that asked longest ago are forgotten first. */
export const KEYS_COUNTED_MAX = 50_000

/** Counts in this process alone, by a clock that nobody sets. */
export function memoryLimiter({ points, seconds }: Limit): Limiter {
  const counts = new LRUCache<string, { points: number; endsAt: number }>({ max: KEYS_COUNTED_MAX })
  return async (key) => {
    const now = performance.now()
    const known = counts.get(key)
    const count = known && known.endsAt > now ? known : { points: 0, endsAt: now + seconds * 1000 }
    counts.set(key, count)
    count.points += 1
    return count.points > points ? wholeSeconds(count.endsAt - now) : 0
  }
}

/**
 * Counts for all processes over a database. It also counts here, so that a key that asks too much of this process alone is refused
 * without asking the database, and none goes unlimited while that does not answer, or is slow to. The table holds no key, only its keyed hash.
 */
export function sharedLimiter(
  { ask, shop, sealer }: Pick<Database, 'ask'> & { shop: string; sealer: Sealer },
  limit: Limit,
): Limiter {
  const countHere = memoryLimiter(limit)
  return async (key) => {
    const wait = await countHere(key)
    if (wait > 0) return wait
    try {
      const counted = ask(countOne(shop, limit, sealer.term(key)))
      const [row] = await Promise.race([counted, sleep(COUNT_MILLISECONDS_MAX, [], { ref: false })])
      return Number(row?.['points']) > limit.points ? wholeSeconds(Number(row?.['left_over'])) : 0
    } catch {
      return 0 // it was counted here, and whatever else needs the database says what is wrong with it
    }
  }
}

const wholeSeconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1000))

/** Unix time in milliseconds by the database, in PostgreSQL's words: no clock of a process can stop or free anybody. */
const NOW = sql`(extract(epoch from now()) * 1000)::bigint`

/** No span lasts longer than the one that would begin now, whatever the clock was before. */
const countOne = (shop: string, { name, seconds }: Limit, key: string): Statement => sql`
  insert into limits (shop, name, key, points, ends_at) values (${shop}, ${name}, ${key}, 1, ${NOW} + ${seconds * 1000})
  on conflict (shop, name, key) do update set
    points = case when limits.ends_at <= ${NOW} then 1 else limits.points + 1 end,
    ends_at = case when limits.ends_at <= ${NOW} then excluded.ends_at else least(limits.ends_at, excluded.ends_at) end
  returning points, ends_at - ${NOW} as left_over`

/** Forgets what no longer counts. */
export const forgetLimits = (): Statement => sql`delete from limits where ends_at <= ${NOW}`
