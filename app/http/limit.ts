import { createHmac } from 'node:crypto'
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
/** Downloads a minute for which GitHub has to be asked: for most it is not, and they are not counted. */
const FILES_PER_MINUTE_PER_ADDRESS = 60
const FILES_PER_MINUTE_PER_LINK = 10
/** Looks at Stripe a minute that pages of waiting orders cause: Stripe's own word comes all the same, and the page shows what is known. */
const LOOKS_PER_MINUTE_PER_ADDRESS = 30
const LOOKS_PER_MINUTE = 300
/** In a rush, so many checkouts a minute of one network (as its owner is given it) go on. */
const CHECKOUTS_PER_MINUTE_PER_NETWORK = 2
/** An address starts as many a day as it might in so many minutes: unpaid orders have a weight. */
const MINUTES_OF_CHECKOUTS_PER_DAY = 50
const FREE_ORDERS_PER_DAY_PER_RECIPIENT = 5
const FREE_ORDERS_PER_DAY_PER_ADDRESS = 100
const DAY_SECONDS = 86_400
const EVERYBODY = 'everybody'

/** Counters by address. Where one is full they throw a Refusal that says how long to wait. */
export type Limits = {
  /**
   * Counts a checkout of this address: cards are tested, and stock held, by making many. Where there are too many of all, the networks
   * that make more than a few have to wait, and nobody else.
   */
  checkout: (address: string) => Promise<void>
  /** Counts a wrong order key, a forged download link, or a wrong way in at the desk. */
  wrongKey: (address: string) => Promise<void>
  /** Counts who begins to sign in at the desk, or comes back from GitHub. */
  signIn: (address: string) => Promise<void>
  /** Counts an order without a payment: it is mailed to whomever somebody names. */
  freeOrder: (address: string, recipient: string) => Promise<void>
  /** Counts a download for which GitHub has to be asked. */
  file: (address: string, link: string) => Promise<void>
  /** Counts a look at Stripe for a page that waits; false where it is one too many. */
  mayLook: (address: string) => Promise<boolean>
}

/** Limits of all processes over the store that counts. */
export function createLimits(config: Config, limiter: Store['limiter'] = memoryLimiter): Limits {
  const perMinute = (name: string, points: number) => limiter({ name, points, seconds: 60 })
  const perDay = (name: string, points: number) => limiter({ name, points, seconds: DAY_SECONDS })
  const ofMinute = config.CHECKOUTS_PER_MINUTE_PER_ADDRESS
  const perAddress = perMinute('checkouts of an address', ofMinute)
  const perAddressDaily = perDay('checkouts of an address, a day', MINUTES_OF_CHECKOUTS_PER_DAY * ofMinute)
  const perNetwork = perMinute('checkouts of a network', CHECKOUTS_PER_MINUTE_PER_NETWORK)
  const freeOfAddress = perDay('free orders of an address', FREE_ORDERS_PER_DAY_PER_ADDRESS)
  const freeOfRecipient = perDay('free orders for a recipient', FREE_ORDERS_PER_DAY_PER_RECIPIENT)
  const inAll = perMinute('checkouts', config.CHECKOUTS_PER_MINUTE)
  const wrongKeys = perMinute('wrong keys', WRONG_KEYS_PER_MINUTE)
  const signInsOfOne = perMinute('sign-ins of an address', SIGN_INS_PER_MINUTE_PER_ADDRESS)
  const signIns = perMinute('sign-ins', SIGN_INS_PER_MINUTE)
  const filesOfLink = perMinute('files of a link', FILES_PER_MINUTE_PER_LINK)
  const filesOfAddress = perMinute('files of an address', FILES_PER_MINUTE_PER_ADDRESS)
  const looksOfAddress = perMinute('looks at Stripe of an address', LOOKS_PER_MINUTE_PER_ADDRESS)
  const looks = perMinute('looks at Stripe', LOOKS_PER_MINUTE)
  return {
    mayLook: async (address) => (await looksOfAddress(address)) === 0 && (await looks(EVERYBODY)) === 0,
    async file(address, link) {
      await consume(filesOfLink, link)
      await consume(filesOfAddress, address)
    },
    async checkout(address) {
      await consume(perAddress, address)
      await consume(perAddressDaily, address)
      const [wait, waitOfNetwork] = [await inAll(EVERYBODY), await perNetwork(networkOf(address))]
      if (wait > 0 && waitOfNetwork > 0) throw tooMany(waitOfNetwork)
    },
    async freeOrder(address, recipient) {
      await consume(freeOfAddress, address)
      const hours = Math.ceil((await freeOfRecipient(mailboxOf(config, recipient))) / 3600)
      if (hours > 0) throw tooManyMails(hours)
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
    return hostOf((trusted > 0 ? forwarded.at(-trusted) : undefined) || bare(connection ?? 'unknown'))
  }
  // Each proxy adds who came to it. Whoever is no proxy of ours is who asks, whatever they say of others.
  let address = bare(connection ?? 'unknown')
  while (isAmong(trusted, address) && forwarded.at(-1)) address = forwarded.pop() as string
  return hostOf(address)
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

/** The mailbox of an address, as a keyed hash: nothing else of it is kept. What is after a plus, and points, lead to the same one. */
function mailboxOf({ LINK_SECRET }: Pick<Config, 'LINK_SECRET'>, email: string): string {
  const [name = '', domain = ''] = email.toLowerCase().split('@')
  const mailbox = `${name.replace(/\+.*$/, '').replaceAll('.', '')}@${domain}`
  return createHmac('sha256', LINK_SECRET).update(`mailbox ${mailbox}`).digest('base64url')
}

/** The network that an address (as `addressOf` gives it) is given out with: 256 addresses, or 2^80. */
const networkOf = (address: string): string => address.split(/[.:]/).slice(0, 3).join(' ')

/** Who has an IPv6 address has the 2^64 beside it, so they count as one. */
function hostOf(address: string): string {
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

function tooManyMails(hours: number): Refusal {
  const detail = `Enough was sent to this mail address for a day. Put what you want into one cart, or come back in ${hours} hours.`
  return new Refusal({ status: 429, title: 'Enough for today', detail, retryAfterSeconds: hours * 3600 })
}

function tooMany(retryAfterSeconds: number): Refusal {
  const detail = `Please wait ${retryAfterSeconds} seconds, then try again.`
  return new Refusal({ status: 429, title: 'Too many tries', detail, retryAfterSeconds })
}
