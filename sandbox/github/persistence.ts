import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
const WRITE_AFTER_MS = 100

/** Reads the state that the folder holds; false when it holds none. */
export function restore(state: GitHubState): boolean {
  const file = fileOf(state)
  if (!existsSync(file)) return false
  Object.assign(state, JSON.parse(readFileSync(file, 'utf8'), revive))
  catchUpWithGit(state)
  return true
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

/** Writes the state shortly after each change, whole, and once more when closed. A temporary folder is removed instead. */
export function keepState(state: GitHubState, isTemporary: boolean): { close: () => void } {
  let timer: NodeJS.Timeout | undefined
  const write = () => {
    clearTimeout(timer)
    timer = undefined
    const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]))
    mkdirSync(state.folder, { recursive: true })
    writeFileSync(`${fileOf(state)}.new`, JSON.stringify(kept, flatten), { mode: 0o600 })
    renameSync(`${fileOf(state)}.new`, fileOf(state))
  }
  if (!isTemporary) {
    state.changed = () => {
      timer ??= setTimeout(write, WRITE_AFTER_MS)
    }
    write()
  }
  return {
    close: () => {
      if (isTemporary) rmSync(state.folder, { recursive: true, force: true })
      else write()
      state.changed = () => {}
    },
  }
}

const fileOf = ({ folder }: GitHubState) => join(folder, 'github.json')

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
