import type { Config } from '../config.ts'
import { isSameText, proofOf } from '../link.ts'
import type { Random } from '../order/id.ts'
import type { Parts } from '../parts.ts'

// The way in where GitHub can't vouch for anybody: a link that whoever has the server's settings can make, good for one session. It
// proves itself, so that a command can make it while the shop runs; that it was used is kept until it is over.

const MINUTES = 60
const ID_BYTES = 8
const CODE = /^([0-9a-f]{16})\.(\d{1,12})\.([\w-]{43})$/

/** A new link to the desk, and until when it is good. */
export function oneTimeLink(
  config: Pick<Config, 'SHOP_URL' | 'LINK_SECRET'>,
  { now, random }: { now: Date; random: Random },
): string {
  const id = Buffer.from(random(ID_BYTES)).toString('hex')
  const ends = Math.floor(now.getTime() / 1000) + MINUTES * 60
  return `${config.SHOP_URL}/desk/sign-in?code=${id}.${ends}.${proof(config, id, ends)}`
}

const proof = (config: Pick<Config, 'LINK_SECRET'>, id: string, ends: number) =>
  proofOf(config, `one-time link ${id} ${ends}`)

/** Takes the code of a link, once: false when it is none of ours, over, or was taken before. */
export async function redeemLink({ config, store, now }: Pick<Parts, 'config' | 'store' | 'now'>, code: string) {
  const [, id = '', digits = '', given = ''] = CODE.exec(code) ?? []
  const ends = Number(digits)
  const at = now()
  if (!isSameText(given, proof(config, id, ends)) || ends * 1000 <= at.getTime()) return false
  const endsAt = new Date(ends * 1000).toISOString()
  const used = { id, kind: 'link', hash: '', name: id, role: 'maintain', madeAt: at.toISOString(), endsAt } as const
  return (await store.changeCredential(id, (before) => before ?? used)) === undefined
}
