import type { Access, Credential, KeptAccess } from '../../account/person.ts'
import { inSlices, literal, type Row, type Statement, sql } from '../sql.ts'
import type { Store, Written } from '../store.ts'
import type { Writer } from '../transaction.ts'

/** A page of the log of accesses, and of credentials. */
export const ACCESSES_A_PAGE = 50
const CREDENTIALS_SHOWN_MAX = 500

/** What runs statements: one, or those that are decided from what others were answered, in one transaction. */
type Runs = {
  ask(statement: Statement): Promise<readonly Row[]>
  transact(
    reads: readonly Statement[],
    decide: (answers: readonly (readonly Row[])[]) => { statements: Statement[]; written: Written } | undefined,
  ): Promise<void>
}

const NOBODY_WAITS: Written = { jobs: [], shop: false }

type Kept = 'credential' | 'credentials' | 'changeCredential' | 'recordAccess' | 'accesses'

/** Who may come in, and who did what: the store's answers about the desk. */
export const accessOver = (
  { ask, transact }: Runs,
  { shop, newRevision }: Pick<Writer, 'shop' | 'newRevision'>,
): Pick<Store, Kept> => ({
  async credential(id) {
    const [row] = await ask(sql`select state from credentials where shop = ${shop} and id = ${id}`)
    return row && credentialIn(row)
  },
  async credentials(now) {
    const rows = await ask(sql`
      select state from credentials where shop = ${shop} and ends_at > ${now.toISOString()}
      order by made_at desc, id limit ${literal(CREDENTIALS_SHOWN_MAX)}`)
    return rows.map(credentialIn)
  },
  async changeCredential(id, step) {
    let before: Credential | undefined
    const read = sql`select state from credentials where shop = ${shop} and id = ${id} for update`
    await transact([read], ([rows]) => {
      before = rows?.[0] && credentialIn(rows[0])
      const statements = credentialWrites(shop, id, before, step(before))
      return statements.length > 0 ? { statements, written: NOBODY_WAITS } : undefined
    })
    return before
  },
  async recordAccess(accesses) {
    if (accesses.length === 0) return
    const rows = accesses.map((access) => [shop, placeOf(access, newRevision()), JSON.stringify(access)])
    const statements = inSlices(rows, (slice) => sql`insert into accesses (shop, place, access) values ${slice}`)
    await transact([], () => ({ statements, written: NOBODY_WAITS }))
  },
  async accesses(before = END_OF_TIME) {
    const rows = await ask(sql`
      select place, access from accesses where shop = ${shop} and place < ${before}
      order by place desc limit ${literal(ACCESSES_A_PAGE)}`)
    return rows.map(accessIn)
  },
})

const credentialIn = (row: Row): Credential => JSON.parse(row['state'] as string)
const accessIn = (row: Row): KeptAccess => ({
  ...(JSON.parse(row['access'] as string) as Access),
  place: row['place'] as string,
})

const END_OF_TIME = '9999'
const REVISION_DIGITS = 16
/** By time, and by the order of writing within a process; no two are the same. */
const placeOf = ({ at }: Access, revision: number): string => `${at} ${String(revision).padStart(REVISION_DIGITS, '0')}`

/** What makes `after` of `before`. A new one takes with it those that are over: nobody else would. */
function credentialWrites(
  shop: string,
  id: string,
  before: Credential | undefined,
  after: Credential | undefined,
): Statement[] {
  if (after === before) return []
  if (!after) return [sql`delete from credentials where shop = ${shop} and id = ${id}`]
  const state = JSON.stringify(after)
  if (before) {
    return [sql`update credentials set state = ${state}, ends_at = ${after.endsAt} where shop = ${shop} and id = ${id}`]
  }
  return [
    sql`delete from credentials where shop = ${shop} and ends_at <= ${after.madeAt}`,
    sql`insert into credentials (shop, id, made_at, ends_at, state) values (${shop}, ${id}, ${after.madeAt}, ${after.endsAt}, ${state})`,
  ]
}
