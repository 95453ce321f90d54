import { generateKeyPairSync, randomBytes } from 'node:crypto'

export type Level = 'read' | 'write' | 'admin'
export type Permissions = Record<string, Level>

/** A registered App. Of its webhook, `active` is false when the manifest gave no address. */
export type App = {
  id: number
  slug: string
  name: string
  description: string
  owner: string
  externalUrl: string
  setupUrl?: string
  /** Where people may be sent back to who signed in with it. */
  callbackUrls?: string[]
  /** Others than its owner may install it. */
  public: boolean
  privateKey: string
  clientId: string
  clientSecret: string
  hook: Hook
  permissions: Permissions
  events: string[]
  at: number
  /** Installed on every owner of a repository without being asked; `left` are those who threw it out. */
  everywhere?: { left: string[] }
}
export type Hook = {
  url: string
  contentType: 'json' | 'form'
  secret: string
  active: boolean
  insecureSsl: '0' | '1'
}

/** An App at an owner. `repositories` are ids, and count when they were selected. */
export type Installation = {
  id: number
  app: number
  owner: string
  selection: 'all' | 'selected'
  repositories: number[]
  permissions: Permissions
  events: string[]
  suspended?: { at: number; by: string }
  at: number
  updatedAt: number
}

/** An installation token: which repositories it opens (their ids), for what, and until when (milliseconds). */
export type Token = {
  installation: number
  repositories: 'all' | number[]
  permissions: Permissions
  expiresAt: number
}

/** One attempt to deliver a webhook. */
export type Delivery = {
  id: number
  guid: string
  app: number
  event: string
  action: string | null
  installation: number | null
  repository: number | null
  at: number
  redelivery: boolean
  /** Seconds. */
  duration: number
  /** GitHub's word for how it went: `OK`, or what went wrong. */
  status: string
  statusCode: number
  url: string
  request: { headers: Record<string, string>; payload: string }
  response: { headers: Record<string, string>; payload: string }
}

/** A manifest that a person confirmed and that waits to be exchanged for the App's credentials. */
export type PendingApp = { app: App; expiresAt: number }

/** Who signs in with Apps: codes that were not exchanged yet, tokens of people, and who agreed to which App (`<id> <login>`). */
export type SignIns = {
  codes: Record<string, { app: number; login: string; redirect: string; challenge?: string; expiresAt: number }>
  tokens: Record<string, { app: number; login: string; expiresAt: number }>
  agreed: string[]
}

/** Everything about Apps that must outlive a restart. Plain data. */
export type AppSlice = {
  apps: App[]
  installations: Installation[]
  tokens: Record<string, Token>
  pending: Record<string, PendingApp>
  signIns?: SignIns
  /** Newest last. */
  deliveries: Delivery[]
  lastId: number
}

export type AppSeed = {
  id: number
  privateKey?: string | undefined
  slug?: string | undefined
  /** `owner` of the App itself; it is installed on everybody. */
  owner?: string | undefined
  permissions?: Permissions | undefined
  events?: string[] | undefined
  webhook?: { url: string; secret: string } | undefined
  callbackUrls?: string[] | undefined
}

/** All that a shop needs of an App. */
export const SHOP_PERMISSIONS: Permissions = {
  checks: 'write',
  contents: 'write',
  issues: 'write',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
}
export const SHOP_EVENTS = [
  'check_run',
  'check_suite',
  'issue_comment',
  'issues',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
  'release',
  'repository',
]

const FIRST_ID = 1000

/** The slice at the start: with the seed's App, installed on every owner, or with none. */
export function createAppSlice(seed: AppSeed | undefined, now: number): AppSlice {
  const slice: AppSlice = { apps: [], installations: [], tokens: {}, pending: {}, deliveries: [], lastId: FIRST_ID }
  if (!seed) return slice
  const slug = seed.slug ?? 'tagsale'
  slice.apps.push({
    id: seed.id,
    slug,
    name: slug,
    description: '',
    owner: seed.owner ?? slug,
    externalUrl: 'http://localhost',
    public: true,
    privateKey: seed.privateKey ?? newPrivateKey(),
    ...newClient(),
    hook: {
      url: '',
      secret: '',
      ...seed.webhook,
      contentType: 'json',
      active: Boolean(seed.webhook),
      insecureSsl: '0',
    },
    permissions: seed.permissions ?? SHOP_PERMISSIONS,
    events: seed.events ?? SHOP_EVENTS,
    at: now,
    everywhere: { left: [] },
  })
  return slice
}

/** The next number that nothing else in the slice has. */
export function nextId(slice: AppSlice): number {
  slice.lastId += 1
  return slice.lastId
}

/** A fresh RSA key as GitHub makes them: PKCS #1, PEM. */
export function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
}

/** What an App signs people in with. */
export const newClient = () => ({
  clientId: `Iv23li${randomBytes(7).toString('hex')}`,
  clientSecret: randomBytes(20).toString('hex'),
})

/** Deliveries that are under way, and how to break them off. */
export type Outbox = { underway: Set<Promise<void>>; stopping: AbortController }
