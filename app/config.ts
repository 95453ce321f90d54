import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

// Every variable is described in .env.example; a test holds the two together.

const STRIPE = 'https://api.stripe.com'
const GITHUB_API = 'https://api.github.com'
const GITHUB = 'https://github.com'
const SECRET_CHARACTERS_MIN = 32
const WEBHOOK_SECRET_CHARACTERS_MIN = 16

const MAILBOX = /[^\s<>@]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*/.source
const SENDER = new RegExp(`^(?:${MAILBOX}|[^\\p{Cc}<>]*<${MAILBOX}>)$`, 'iu')

const address = (text: string) => text.replace(/\/+$/, '')
const Address = z.url({ protocol: /^https?$/, error: 'an address such as https://shop.example.org' }).transform(address)
const Count = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const error = `a whole number from ${least} ${most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`}`
  return z.coerce.number({ error }).int().min(least).max(most)
}
const Secret = z.string().min(SECRET_CHARACTERS_MIN, `at least ${SECRET_CHARACTERS_MIN} random characters`)
const Secrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine(
    (secrets) => secrets.every((secret) => /^whsec_\S{8,}$/.test(secret)),
    'one or more whsec_…, with commas between',
  )
const Repository = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, 'a repository is owner/name, such as tern/shop')

const PROXIES = 'how many (0 to 10), or addresses and networks such as 10.0.0.0/8, with commas between'
/** Our own proxies: how many stand in front, or, which knows who comes past them, where they are. */
const TrustedProxies = z
  .union([z.string(), z.number()], { error: PROXIES })
  .transform((given, context): number | BlockList => {
    const proxies = proxiesIn(String(given))
    if (proxies === undefined) context.addIssue({ code: 'custom', message: PROXIES })
    return proxies ?? 0
  })

function proxiesIn(text: string): number | BlockList | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 10 ? Number(text) : undefined
  const proxies = new BlockList()
  for (const one of text.split(',')) {
    const [address = '', prefix] = one.trim().split('/')
    const [type, bits] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const)
    const length = prefix === undefined ? bits : /^\d+$/.test(prefix) ? Number(prefix) : bits + 1
    if (!isIP(address) || length > bits) return undefined
    proxies.addSubnet(address, length, type)
  }
  return proxies
}

/** What a process does: serves pages and sales, takes webhooks, gives out files, does the work behind them. */
const ROLES = ['web', 'webhooks', 'downloads', 'worker'] as const
type Role = (typeof ROLES)[number]
const Roles = z
  .string()
  .transform((text) => text.split(',').map((role) => role.trim()))
  .refine(
    (roles): roles is Role[] => roles.every((role) => (ROLES as readonly string[]).includes(role)),
    `one or more of ${ROLES.join(', ')}, with commas between`,
  )

const Environment = z.object({
  TAGSALE_MODE: z.enum(['live', 'sandbox'], 'live, or sandbox to try it on stand-ins').default('live'),
  TAGSALE_ROLES: Roles.default([...ROLES]),
  PORT: Count(0, 65_535).default(3000),
  HOST: z.string().default('0.0.0.0'),
  SHOP_URL: Address,
  STOREFRONT_URL: Address.optional(),
  TRUSTED_PROXIES: TrustedProxies.default(0),
  CATALOG_FOLDER: z.string().optional(),
  DATA_FOLDER: z.string().default('.tagsale/live'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'an address such as postgres://user:password@db.example.org/shop' })
    .optional(),
  LINK_SECRET: Secret,
  STORE_KEY: Secret,
  STORE_KEY_NEW: Secret.optional(),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_\w{8,}$/, 'a key of Stripe: rk_live_…, or rk_test_… to try'),
  STRIPE_WEBHOOK_SECRET: Secrets,
  STRIPE_API_URL: Address.default(STRIPE),
  STRIPE_CHECKOUT_URL: Address.optional(),
  GITHUB_APP_ID: Count(1),
  GITHUB_PRIVATE_KEY: z
    .string()
    .transform((text) => (text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8')))
    .refine((text) => text.includes('PRIVATE KEY-----'), "the App's private key (PEM), as it is or in base64"),
  GITHUB_WEBHOOK_SECRET: z.string().min(WEBHOOK_SECRET_CHARACTERS_MIN, 'at least 16 characters, as the App has it'),
  GITHUB_CLIENT_ID: z
    .string()
    .regex(/^[\w.-]{8,100}$/, "the App's client ID, such as Iv23li…")
    .optional(),
  GITHUB_CLIENT_SECRET: z
    .string()
    .regex(/^\S{20,200}$/, "a client secret of the App's")
    .optional(),
  GITHUB_API_URL: Address.default(GITHUB_API),
  GITHUB_URL: Address.default(GITHUB),
  SHOP_REPOSITORY: Repository.optional(),
  LEDGER_REPOSITORY: Repository.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'an address such as smtps://user:password@mail.example.org' }),
  MAIL_FROM: z.string().regex(SENDER, 'a sender such as "Tern Shop <shop@example.org>"'),
  CHECKOUTS_PER_MINUTE: Count(1, 1_000_000).default(300),
  CHECKOUTS_PER_MINUTE_PER_ADDRESS: Count(1, 1_000_000).default(10),
  UNPAID_PIECES_PER_ADDRESS: Count(1, 1_000_000).default(3),
  METRICS_TOKEN: z.string().min(16, 'at least 16 random characters').optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

/** The names of every environment variable the app reads. */
export const VARIABLES = Object.keys(Environment.shape)

export type Config = z.output<typeof Environment> & { STOREFRONT_URL: string }
export type ConfigInput = Partial<Record<keyof z.input<typeof Environment>, unknown>>

/** What is missing or malformed, one sentence a variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** What GitHub gives when the shop's App is registered. */
const CREDENTIALS = { GITHUB_APP_ID: true, GITHUB_PRIVATE_KEY: true, GITHUB_WEBHOOK_SECRET: true } as const
/** What the shop can open without, but nobody signs in at the desk. */
const SIGN_IN = ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'] as const
export type GitHubCredentials = Record<keyof typeof CREDENTIALS | (typeof SIGN_IN)[number], string>

const WithoutCredentials = Environment.omit(CREDENTIALS)

/** Reads the process's environment, with what it lacked. Throws a ConfigError that names every fault at once. */
export const readConfig = (given: ConfigInput = {}): Config => parseConfig({ ...process.env, ...given })

export type SetupSettings = z.output<typeof WithoutCredentials>

/**
 * The settings, where nothing is missing but the GitHub App's credentials; nothing when they are there as well.
 * Throws a ConfigError when more is wrong: that is mended before an App is registered.
 */
export function readSetupSettings(): SetupSettings | undefined {
  if (Object.keys(CREDENTIALS).every((name) => process.env[name])) return undefined
  return checked(WithoutCredentials, process.env)
}

/** Checks settings. An empty text counts as missing. */
export function parseConfig(values: ConfigInput): Config {
  const settings = checked(Environment, values)
  return { ...settings, STOREFRONT_URL: settings.STOREFRONT_URL ?? settings.SHOP_URL }
}

function checked<Schema extends typeof Environment | typeof WithoutCredentials>(
  schema: Schema,
  values: ConfigInput,
): z.output<Schema> {
  const names = Object.keys(schema.shape) as (keyof ConfigInput)[]
  const given = Object.fromEntries(names.map((name) => [name, settingOf(values[name])]))
  const result = schema.safeParse(given)
  const malformed = (result.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0])
    return given[name] === undefined ? `${name} is missing.` : `${name} is not right: ${issue.message}.`
  })
  const problems = [...malformed, ...modeProblems(readable(values), given)]
  if (problems.length > 0 || !result.success) throw new ConfigError(problems)
  return result.data as z.output<Schema>
}

/**
 * Looks at each setting by itself: those that can be read, and a sentence for each of the others. Nothing is thrown, so
 * that `tagsale doctor` can go on with what there is.
 */
export function examineConfig(values: ConfigInput = process.env): {
  settings: Partial<Config>
  problems: readonly string[]
} {
  const settings = readable(values)
  if (settings.SHOP_URL) settings.STOREFRONT_URL ??= settings.SHOP_URL
  try {
    return { settings: parseConfig(values), problems: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { settings, problems: error.problems }
  }
}

/** Each setting that can be read, whatever the others are. */
function readable(values: ConfigInput): Partial<Config> {
  const read = Object.entries(Environment.shape).flatMap(([name, schema]) => {
    const result = schema.safeParse(settingOf(values[name as keyof ConfigInput]))
    return result.success && result.data !== undefined ? [[name, result.data]] : []
  })
  return Object.fromEntries(read) as Partial<Config>
}

const settingOf = (value: unknown): unknown => (value === '' ? undefined : value)

/** Live money and stand-ins never meet, and work is left to those only who can see it. */
function modeProblems(config: Partial<Config>, given: Partial<Record<string, unknown>>): string[] {
  const { TAGSALE_ROLES, STRIPE_SECRET_KEY = '', STRIPE_API_URL, GITHUB_API_URL, GITHUB_URL, SHOP_URL } = config
  const problems: string[] = []
  if (!given.DATABASE_URL && TAGSALE_ROLES && ROLES.some((role) => !TAGSALE_ROLES.includes(role))) {
    problems.push('TAGSALE_ROLES leaves work to other processes, and those share a database: set DATABASE_URL as well.')
  }
  if (SIGN_IN.some((name) => config[name]) && !SIGN_IN.every((name) => given[name])) {
    problems.push(`${SIGN_IN.join(' and ')} belong together: set both, or neither.`)
  }
  if (config.TAGSALE_MODE === 'sandbox') {
    if (/_live_/.test(STRIPE_SECRET_KEY)) problems.push('STRIPE_SECRET_KEY is a live key; the sandbox takes none.')
    return problems
  }
  if (STRIPE_API_URL && STRIPE_API_URL !== STRIPE) {
    problems.push(`STRIPE_API_URL is a stand-in's address; a live shop talks to ${STRIPE}. Leave it out.`)
  }
  if (GITHUB_URL && !GITHUB_URL.startsWith('https://')) {
    problems.push("GITHUB_URL is a stand-in's address; a live shop sends people to GitHub over https. Leave it out.")
  }
  if (GITHUB_API_URL && !GITHUB_API_URL.startsWith('https://')) {
    problems.push("GITHUB_API_URL is a stand-in's address; a live shop talks to GitHub over https. Leave it out.")
  }
  if (SHOP_URL && !SHOP_URL.startsWith('https://') && !/^http:\/\/localhost(:\d+)?$/.test(SHOP_URL)) {
    problems.push('SHOP_URL must begin with https://: buyers give their address there.')
  }
  return problems
}
