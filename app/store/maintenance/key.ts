import type { Random } from '../../order/id.ts'
import { type Database, KEY, KEY_PLACE, outerKey, type StoreTables } from '../database.ts'
import { StoreRefusedError } from '../refusal.ts'
import { openBytes, sealBytes } from '../seal.ts'
import { sql } from '../sql.ts'

const sealedKey = async ({ ask }: Pick<Database, 'ask'>) =>
  (await ask(sql`select value from settings where name = ${KEY}`))[0]?.['value'] as Uint8Array | undefined

/** Whether this `STORE_KEY` opens the customers of that store. One that nobody has opened yet takes any. */
export async function isOpenedBy(reader: Pick<Database, 'ask'>, storeKey: string): Promise<boolean> {
  const sealed = await sealedKey(reader)
  return !sealed || opened(sealed, storeKey) !== undefined
}

function opened(sealed: Uint8Array, storeKey: string): Buffer | undefined {
  try {
    return openBytes(outerKey(storeKey), sealed, KEY_PLACE)
  } catch {
    return undefined // made with another key, or damaged: which one, nobody can tell
  }
}

/**
 * Seals the store's own key with another `STORE_KEY`; no customer is touched. From then on only that one opens it. Rejects with
 * `StoreRefusedError` when the old one is not right.
 */
export async function changeStoreKey(
  tables: Pick<StoreTables, 'ask' | 'forget'>,
  { from, to, random }: { from: string; to: string; random: Random },
): Promise<void> {
  const sealed = await sealedKey(tables)
  const inner = sealed && opened(sealed, from)
  if (!sealed || !inner) {
    throw new StoreRefusedError('STORE_KEY is not the one that this store was made with. Nothing was changed.')
  }
  const anew = sealBytes(outerKey(to), inner, KEY_PLACE, random)
  const [changed] = await tables.ask(sql`
    update settings set value = ${anew} where name = ${KEY} and value = ${sealed} returning name`)
  if (!changed)
    throw new StoreRefusedError('Somebody else has changed the key just now. Nothing was changed by this one.')
  await tables.forget()
}
