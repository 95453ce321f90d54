import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { type Content, measure } from './content.ts'

/** A file that lies in a release when the stand-in starts, or is put there later. */
export type ReleaseSeed = {
  /** `owner/name`; private, as a shop's files are. */
  repository: string
  tag: string
  file: string
  /** The bytes, or the path of a file that holds them. */
  bytes: Content
}

export type Asset = {
  id: number
  name: string
  size: number
  sha256: string
  content: Content
  at: number
  downloads: number
}
export type Release = { id: number; tag: string; at: number; assets: Map<string, Asset> }
export type Repository = { id: number; owner: string; name: string; at: number; releases: Map<string, Release> }

/** What an installation may do: no more than a shop needs for its downloads. */
export type Permissions = Record<string, 'read' | 'write'>
export const GRANTED: Permissions = { contents: 'read', metadata: 'read' }

/** An installation token: what it opens, and until when (milliseconds). */
export type Token = {
  owner: string
  repositories: ReadonlySet<Repository>
  permissions: Permissions
  expiresAt: number
}

/** What goes wrong on purpose. `limit` is how many seconds a client is told to wait. */
export type Faults = { down?: boolean; refuse?: boolean; delayMs?: number; limit?: number; stream?: boolean }

export type SeenRequest = { method: string; path: string; status: number; at: string }

/** Everything the stand-in knows. It lives in memory: a restart publishes the same files under the same ids. */
export type GitHubState = {
  app: { id: number; slug: string; privateKey: string; publicKey: KeyObject; at: number }
  repositories: Map<string, Repository>
  tokens: Map<string, Token>
  faults: Faults
  requests: SeenRequest[]
  /** Seconds for which the address of a file works. */
  linkSeconds: number
  linkKey: Buffer
  now: () => number
}

export type GitHubOptions = {
  app: { id: number; privateKey?: string; slug?: string }
  releases: readonly ReleaseSeed[]
  /** Milliseconds; a test moves them on. */
  now?: () => number
  linkSeconds?: number
}

/** As observed at GitHub; it promises no figure. */
const LINK_SECONDS = 300

/** The state at the start, with every seed published. Makes the App's key when none is given. */
export async function createState(options: GitHubOptions): Promise<GitHubState> {
  const now = options.now ?? Date.now
  const privateKey = options.app.privateKey ?? newPrivateKey()
  const publicKey = createPublicKey(createPrivateKey(privateKey))
  const state: GitHubState = {
    app: { id: options.app.id, slug: options.app.slug ?? 'tagsale', privateKey, publicKey, at: now() },
    repositories: new Map(),
    tokens: new Map(),
    faults: {},
    requests: [],
    linkSeconds: options.linkSeconds ?? LINK_SECONDS,
    linkKey: randomBytes(32),
    now,
  }
  for (const seed of options.releases) await publish(state, seed)
  return state
}

/** Puts a file into a release, making both where they are missing. Other bytes under a known name are a new asset. */
export async function publish(state: GitHubState, seed: ReleaseSeed): Promise<Asset> {
  const [owner = '', name = ''] = seed.repository.split('/')
  const { size, sha256 } = await measure(seed.bytes)
  const at = state.now()
  const repository = entry(state.repositories, keyOf(owner, name), () => {
    return { id: idOf('repository', owner, name), owner, name, at, releases: new Map() }
  })
  const release = entry(repository.releases, seed.tag, () => {
    return { id: idOf('release', owner, name, seed.tag), tag: seed.tag, at, assets: new Map() }
  })
  const id = idOf('asset', owner, name, seed.tag, seed.file, sha256)
  const asset: Asset = { id, name: seed.file, size, sha256, content: seed.bytes, at, downloads: 0 }
  release.assets.set(seed.file, asset)
  return asset
}

/** The repository with this name, in whatever case it is written. */
export const findRepository = (state: GitHubState, owner: string, name: string): Repository | undefined =>
  state.repositories.get(keyOf(owner, name))

/** Everything that belongs to an owner: what one installation of the App covers. */
export const repositoriesOf = (state: GitHubState, owner: string): Repository[] =>
  [...state.repositories.values()].filter((repository) => repository.owner.toLowerCase() === owner.toLowerCase())

/** An id that says the same of the same thing, before and after a restart. */
export function idOf(...parts: string[]): number {
  return createHash('sha256').update(parts.join('\n').toLowerCase()).digest().readUIntBE(0, 6)
}

const keyOf = (owner: string, name: string) => `${owner}/${name}`.toLowerCase()

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
}
