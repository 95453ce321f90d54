import { join } from 'node:path'
import { type Keeper, openKeeper } from '../keeper.ts'
import { branchTip } from './git/git.ts'
import { setHead } from './pulls/pull-follow.ts'
import { type GitHubState, repositoryWithId } from './state.ts'

/** The parts of the state that a restart finds again; git's objects and refs lie in the folder beside them. */
const KEPT = [
  'users',
  'organizations',
  'userTokens',
  'repositories',
  'lastId',
  'apps',
  'checks',
] as const satisfies readonly (keyof GitHubState)[]

/** Puts back what the state's folder holds from an earlier start, and gives what keeps it from now on. */
export async function restore(state: GitHubState): Promise<Keeper> {
  const form = {
    stringify: (kept: Kept | null) => JSON.stringify(kept, flatten),
    parse: (text: string) => JSON.parse(text, revive),
  }
  const { found, keep } = await openKeeper<Kept>(join(state.folder, 'github.json'), form)
  if (found) {
    Object.assign(state, found)
    catchUpWithGit(state)
  }
  return keep(keptPart(state))
}

/** Git's refs are on disk at once, the state a moment later: a process that died in between knows older heads than git does. */
function catchUpWithGit(state: GitHubState): void {
  for (const repository of state.repositories.values()) {
    for (const pull of repository.pulls.values()) {
      const head = repositoryWithId(state, pull.headRepository)
      const tip = head && branchTip(state, head, pull.headBranch)
      const isOpen = repository.issues.get(pull.number)?.state === 'open'
      if (isOpen && tip && tip !== pull.headSha) setHead(state, repository, pull, tip)
    }
  }
}

type Kept = Pick<GitHubState, (typeof KEPT)[number]>

/** Looked at when it is written: the state's parts may have been replaced by then. */
function keptPart(state: GitHubState): Kept {
  const properties = KEPT.map((key) => [key, { enumerable: true, get: () => state[key] }])
  return Object.defineProperties({} as Kept, Object.fromEntries(properties))
}

function flatten(this: unknown, key: string, value: unknown): unknown {
  const raw = (this as Record<string, unknown>)[key] // before toJSON, which bytes have
  if (raw instanceof Map) return { $map: [...raw] }
  if (raw instanceof Uint8Array) return { $bytes: Buffer.from(raw).toString('base64') }
  return value
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$map' in value) return new Map(value.$map as [string, unknown][])
  if ('$bytes' in value) return Buffer.from(value.$bytes as string, 'base64')
  return value
}
