import type { Context } from 'hono'
import { notFound } from '../answer.ts'
import { resolveCommit } from '../git/commit.ts'
import { branchTip, gitOf } from '../git/git.ts'
import type { Git } from '../git/git-state.ts'

import { EMPTY_TREE } from '../git/object.ts'
import { entryAt, type PathEntry } from '../git/tree.ts'
import type { RepositoryEnv } from './person.ts'

/** What `/blob/main/catalog/shop.yaml` and its like point to. `branch` is there when the ref is one, and `entry` when there is such a path. */
export type Place = { git: Git; ref: string; branch?: string; commit: string; path: string; entry?: PathEntry }

/** The ref and the path of an address. A branch's name may hold slashes, so the first beginning that names something is the ref. */
export function placeOf(c: Context<RepositoryEnv>, rest = c.req.param('rest') ?? ''): Place {
  const { state, repository } = c.var
  const parts = rest.split('/').filter(Boolean)
  for (let end = 1; end <= parts.length; end++) {
    const ref = parts.slice(0, end).join('/')
    const commit = resolveCommit(state, repository, ref)
    if (!commit) continue
    const git = gitOf(state, repository)
    const path = parts.slice(end).join('/')
    const entry = entryAt(git, git.commit(commit)?.tree ?? EMPTY_TREE, path)
    const isBranch = branchTip(state, repository, ref) !== undefined
    return { git, ref, commit, path, ...(isBranch ? { branch: ref } : {}), ...(entry ? { entry } : {}) }
  }
  throw notFound()
}
