import { type BlockList, isIP, isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, MiddlewareHandler } from 'hono'
import type { Config } from '../config.ts'
import { memoryLimiter } from '../store/limits.ts'
import type { Limiter, Store } from '../store/store.ts'
import type { HttpEnv } from './context.ts'
import { Refusal } from './problem.ts'

/** Wrong keys a minute from one address before it has to wait. */
const WRONG_KEYS_PER_MINUTE = 20
/** Ways to GitHub a minute, from one address and in all: each may cost calls to GitHub. */
const SIGN_INS_PER_MINUTE_PER_ADDRESS = 60
const SIGN_INS_PER_MINUTE = 300
const EVERYBODY = 'everybody'

/** Counters by address. Where one is full they throw a Refusal that says how long to wait. */
export type Limits = {
  /** Counts a checkout of this address and of all: cards are tested, and stock held, by making many. */
  checkout: (address: string) => Promise<void>
  /** Counts a wrong order key, a forged download link, or a wrong way in at the desk. */
  wrongKey: (address: string) => Promise<void>
  /** Counts who begins to sign in at the desk, or comes back from GitHub. */
  signIn: (address: string) => Promise<void>
}

/** Limits of all processes over the store that counts. */
export function createLimits(config: Config, limiter: Store['limiter'] = memoryLimiter): Limits {
  const perMinute = (name: string, points: number) => limiter({ name, points, seconds: 60 })
  const perAddress = perMinute('checkouts of an address', config.CHECKOUTS_PER_MINUTE_PER_ADDRESS)
  const inAll = perMinute('checkouts', config.CHECKOUTS_PER_MINUTE)
  const wrongKeys = perMinute('wrong keys', WRONG_KEYS_PER_MINUTE)
  const signInsOfOne = perMinute('sign-ins of an address', SIGN_INS_PER_MINUTE_PER_ADDRESS)
  const signIns = perMinute('sign-ins', SIGN_INS_PER_MINUTE)
  return {
    async checkout(address) {
      await consume(perAddress, address)
      await consume(inAll, EVERYBODY)
    },
    wrongKey: (address) => consume(wrongKeys, address),
    async signIn(address) {
      await consume(signInsOfOne, address)
      await consume(signIns, EVERYBODY)
    },
  }
}

/** Who is asking: the connection's address, or what our own proxies say of it, counted from the right. */
export function addressOf(c: Context<HttpEnv>): string {
  const { TRUSTED_PROXIES: trusted } = c.var.parts.config
  const connection = c.env?.incoming ? getConnInfo(c).remote.address : undefined
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((address) => bare(address.trim()))
  if (typeof trusted === 'number') {
    return networkOf((trusted > 0 ? forwarded.at(-trusted) : undefined) || bare(connection ?? 'unknown'))
  }
  // Each proxy adds who came to it. Whoever is no proxy of ours is who asks, whatever they say of others.
  let address = bare(connection ?? 'unknown')
  while (isAmong(trusted, address) && forwarded.at(-1)) address = forwarded.pop() as string
  return networkOf(address)
}

const isAmong = (proxies: BlockList, address: string): boolean =>
  isIP(address) > 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** What is said where a proxy stands in front and none is trusted. */
export const UNTRUSTED_PROXY =
  'A proxy forwards to the shop, and TRUSTED_PROXIES does not name it: all buyers count as one, and the limits of one hold for all. ' +
  'Set it to the address of the proxy.'

/** Says it when addresses are forwarded unasked for: by a proxy that nobody told us of, or by whoever likes to. */
export const watchProxies: MiddlewareHandler<HttpEnv> = (c, next) => {
  const { config, notices } = c.var.parts
  if (config.TRUSTED_PROXIES === 0 && c.req.header('x-forwarded-for')) notices.tell('proxies', UNTRUSTED_PROXY)
  return next()
}

/** An address alone: a proxy may add a port, and one of IPv4 may be written in IPv6. */
const bare = (address: string): string =>
  (/^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')).replace(
    /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i,
    '',
  )

/** Who has an IPv6 address has the 2^64 beside it, so they count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const behind = tail?.split(':').filter(Boolean) ?? []
  const zeros = Array<string>(tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)).fill('0')
  return [...groups, ...zeros, ...behind]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

async function consume(limiter: Limiter, key: string): Promise<void> {
  const seconds = await limiter(key)
  if (seconds > 0) throw tooMany(seconds)
}

function tooMany(retryAfterSeconds: number): Refusal {
  const detail = `Please wait ${retryAfterSeconds} seconds, then try again.`
  return new Refusal({ status: 429, title: 'Too many tries', detail, retryAfterSeconds })
}
