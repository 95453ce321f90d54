import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppSeed, type AppSlice, createAppSlice, type Outbox } from './apps/app-state.ts'
import type { CheckSlice } from './checks/check-state.ts'
import { type Faults, NO_FAULTS } from './faults/fault-state.ts'
import type { Git } from './git/git-state.ts'
import type { Issue } from './issues/issue-state.ts'
import type { Protection, Pull } from './pulls/pull-state.ts'
import { type Content, measure, mediaTypeOf } from './releases/content.ts'
import type { Organization, Role, User } from './user-state.ts'

/** A file that lies in a release when the stand-in starts, or is put there later. */
export type ReleaseSeed = {
  /** `owner/name`; private, as a shop's files are. */
  repository: string
  tag: string
  file: string
  /** The bytes, or the path of a file that holds them. */
  bytes: Content
  /** What is said of bytes that only stand in for others: the SHA-256 of those. */
  sha256?: string | undefined
}

/** A repository that is there when the stand-in starts the first time in its folder. */
export type RepositorySeed = {
  /** `owner/name` */
  name: string
  /** True unless said otherwise. */
  private?: boolean
  /** What its first commit holds: text or bytes by path. None: an empty repository, without a commit. */
  files: Record<string, string | Uint8Array>
  collaborators?: Record<string, Role>
  defaultBranch?: string
}

export type Asset = {
  id: number
  name: string
  label: string
  contentType: string
  uploader: string
  size: number
  sha256: string
  content: Content
  at: number
  downloads: number
}
/** A release with its files by name. `target` is where its tag is made when it is published. */
export type Release = {
  id: number
  tag: string
  name: string | null
  body: string | null
  draft: boolean
  prerelease: boolean
  target: string
  author: string
  at: number
  publishedAt: number | null
  assets: Map<string, Asset>
}

/** A repository. Its commits, files and branches are git's (`gitOf`); everything else is here. Moments are milliseconds. */
export type Repository = {
  id: number
  owner: string
  ownerType: 'User' | 'Organization'
  name: string
  at: number
  pushedAt: number
  private: boolean
  defaultBranch: string
  /** The id of the first repository of its forks: all of them share one store of objects. */
  network: number
  /** The id of the repository it was forked from. */
  parent?: number
  releases: Map<string, Release>
  collaborators: Record<string, Role>
  /** Issues and pull requests by number: they count together. */
  issues: Map<number, Issue>
  pulls: Map<number, Pull>
  protections: Map<string, Protection>
  labels: Map<string, string>
}

export type SeenRequest = { method: string; path: string; status: number; at: string; who: string }

/** The code host's part of the state: who there is, and what they own. */
export type HostState = {
  /** By login in lower case. */
  users: Map<string, User>
  organizations: Map<string, Organization>
  /** Tokens of users, with their logins. */
  userTokens: Map<string, string>
  /** By `owner/name` in lower case. */
  repositories: Map<string, Repository>
  /** The last number that was given as an id. */
  lastId: number
}

/** The Apps' part. */
export type AppState = {
  apps: AppSlice
  checks: CheckSlice
  /** Webhook deliveries that are under way. */
  outbox: Outbox
  faults: Faults
  /** Whether GitHub's secondary limits hold when no faults are asked for. */
  limits: boolean
  /** The seed of what goes wrong by chance. */
  lots: number
}

/** Everything the stand-in knows. What a restart finds again is named in persistence.ts. */
export type GitHubState = HostState &
  AppState & {
    /** Where it answers, once it does. */
    url: string
    /** Where it keeps its repositories and itself. */
    folder: string
    /** The stores of objects that are open, by network. */
    gits: Map<number, Git>
    requests: SeenRequest[]
    /** Seconds for which the address of a file works. */
    linkSeconds: number
    linkKey: Buffer
    now: () => number
    /** Says that something changed that a restart should find again. */
    changed: () => void
  }

export type GitHubOptions = {
  /** An App that is registered and installed on everybody from the start. */
  app?: AppSeed
  releases?: readonly ReleaseSeed[]
  /** Where everything is kept for the next start; without it a temporary folder, gone at the end. */
  folder?: string
  /** Milliseconds; a test moves them on. */
  now?: () => number
  linkSeconds?: number
  /** Holds GitHub's secondary limits: 80 writes a minute and 500 an hour for each installation. */
  limits?: boolean
  users?: readonly string[]
  organizations?: readonly {
    login: string
    email?: string
    members: readonly { login: string; role: 'admin' | 'member' }[]
  }[]
  repositories?: readonly RepositorySeed[]
}

/** As observed at GitHub; it promises no figure. */
const LINK_SECONDS = 300
const FIRST_ID = 1_000_000

/** The state before anything happened. Makes the App's key when none is given. */
export function createState(options: GitHubOptions): GitHubState {
  const now = options.now ?? Date.now
  return {
    apps: createAppSlice(options.app, now()),
    checks: { runs: [], suites: [] },
    outbox: { underway: new Set(), stopping: new AbortController() },
    faults: { ...NO_FAULTS, limits: options.limits ?? false },
    limits: options.limits ?? false,
    lots: 1,
    users: new Map(),
    organizations: new Map(),
    userTokens: new Map(),
    repositories: new Map(),
    lastId: FIRST_ID,
    url: '',
    folder: options.folder ?? join(tmpdir(), `github-stand-in-${randomBytes(8).toString('hex')}`),
    gits: new Map(),
    requests: [],
    linkSeconds: options.linkSeconds ?? LINK_SECONDS,
    linkKey: randomBytes(32),
    now,
    changed: () => {},
  }
}

/** Puts a file into a release, making both where they are missing. Other bytes under a known name are a new asset. */
export async function publish(state: GitHubState, seed: ReleaseSeed): Promise<Asset> {
  const [owner = '', name = ''] = seed.repository.split('/')
  const measured = await measure(seed.bytes)
  const { size, sha256 = measured.sha256 } = { ...measured, sha256: seed.sha256 }
  const at = state.now()
  const repository = findRepository(state, owner, name) ?? addRepository(state, owner, name)
  const release = releaseFor(repository, seed.tag, at)
  const id = idOf('asset', owner, name, seed.tag, seed.file, measured.sha256)
  const known = release.assets.get(seed.file)
  const described = { label: '', contentType: mediaTypeOf(seed.file), uploader: owner }
  const asset: Asset =
    known?.id === id
      ? { ...known, content: seed.bytes }
      : { id, name: seed.file, ...described, size, sha256, content: seed.bytes, at, downloads: 0 }
  release.assets.set(seed.file, asset)
  return asset
}

function releaseFor(repository: Repository, tag: string, at: number): Release {
  const known = [...repository.releases.values()].find((release) => release.tag === tag && !release.draft)
  if (known) return known
  const release: Release = {
    id: idOf('release', repository.owner, repository.name, tag),
    tag,
    name: tag,
    body: '',
    draft: false,
    prerelease: false,
    target: repository.defaultBranch,
    author: repository.owner,
    at,
    publishedAt: at,
    assets: new Map(),
  }
  repository.releases.set(String(release.id), release)
  return release
}

/** A new repository without a commit: private, and a network of its own unless it is a fork. */
export function addRepository(
  state: GitHubState,
  owner: string,
  name: string,
  more: Partial<Pick<Repository, 'private' | 'defaultBranch' | 'network' | 'parent' | 'collaborators'>> = {},
): Repository {
  const id = idOf('repository', owner, name)
  const at = state.now()
  const repository: Repository = {
    id,
    owner,
    ownerType: state.users.has(owner.toLowerCase()) ? 'User' : 'Organization',
    name,
    at,
    pushedAt: at,
    private: true,
    defaultBranch: 'main',
    network: id,
    releases: new Map(),
    collaborators: {},
    issues: new Map(),
    pulls: new Map(),
    protections: new Map(),
    labels: new Map(),
    ...more,
  }
  state.repositories.set(keyOf(owner, name), repository)
  return repository
}

/** The repository with this name, in whatever case it is written. */
export const findRepository = (state: GitHubState, owner: string, name: string): Repository | undefined =>
  state.repositories.get(keyOf(owner, name))

/** The repository with this id. */
export const repositoryWithId = (state: GitHubState, id: number): Repository | undefined =>
  [...state.repositories.values()].find((repository) => repository.id === id)

/** Everything that belongs to an owner: what one installation of the App covers. */
export const repositoriesOf = (state: GitHubState, owner: string): Repository[] =>
  [...state.repositories.values()].filter((repository) => repository.owner.toLowerCase() === owner.toLowerCase())

/** An id that says the same of the same thing, before and after a restart. */
export function idOf(...parts: string[]): number {
  return createHash('sha256').update(parts.join('\n').toLowerCase()).digest().readUIntBE(0, 6)
}

/** An id for something that is new: one more than the last. */
export function newId(state: GitHubState): number {
  state.lastId += 1
  return state.lastId
}

const keyOf = (owner: string, name: string) => `${owner}/${name}`.toLowerCase()
