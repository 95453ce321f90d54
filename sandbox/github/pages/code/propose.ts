import type { Context } from 'hono'
import { Refusal } from '../../answer.ts'
import { branchTip } from '../../git/git.ts'
import { findRepository, type Repository } from '../../state.ts'
import { encoded, pathOf } from '../dress.ts'
import { may, type RepositoryEnv } from '../person.ts'
import type { Place } from '../place.ts'

/** A change of one file; without bytes the file goes. `sha` is the blob's that the person saw. */
export type FileChange = {
  path: string
  bytes?: Buffer
  sha?: string
  title: string
  description: string
  isProposal: boolean
}

/** Makes a change and gives the page that shows it: on the branch at once, or as a pull request, from a fork for who may not write here. */
export async function submit(c: Context<RepositoryEnv>, place: Place, change: FileChange): Promise<string> {
  if (!place.branch) throw new Refusal(422, 'Only a branch can be changed, not a commit of the past.')
  const { repository } = c.var
  if (change.isProposal) return propose(c, place.branch, place.commit, change)
  await commit(c, repository, place.branch, change)
  const pull = pullFrom(c, place.branch)
  if (pull) return pull
  const pages = pathOf(repository)
  if (change.bytes) return `${pages}/blob/${encoded(`${place.branch}/${change.path}`)}`
  return `${pages}/tree/${encoded(place.branch)}`
}

async function propose(c: Context<RepositoryEnv>, base: string, sha: string, change: FileChange): Promise<string> {
  const { repository, login, api } = c.var
  const { owner, name: repo } = repository
  const target = may(c, repository, 'write') ? repository : await forkOf(c)
  const branch = freeBranch(c, target, login)
  await api.rest.git.createRef({ owner: target.owner, repo: target.name, ref: `refs/heads/${branch}`, sha })
  await commit(c, target, branch, change)
  const { title, description: body } = change
  const head = `${target.owner}:${branch}`
  const { data } = await api.rest.pulls.create({ owner, repo, title, body, head, base })
  return `${pathOf(repository)}/pull/${data.number}`
}

async function commit(c: Context<RepositoryEnv>, { owner, name }: Repository, branch: string, change: FileChange) {
  const { api } = c.var
  const { path, sha, title, description, bytes } = change
  const message = [title, description].filter(Boolean).join('\n\n')
  const where = { owner, repo: name, path, branch, message }
  if (!bytes) await api.rest.repos.deleteFile({ ...where, sha: sha ?? '' })
  else {
    const content = bytes.toString('base64')
    await api.rest.repos.createOrUpdateFileContents({ ...where, content, ...(sha ? { sha } : {}) })
  }
}

async function forkOf(c: Context<RepositoryEnv>): Promise<Repository> {
  const { repository, state, api } = c.var
  const { data } = await api.rest.repos.createFork({ owner: repository.owner, repo: repository.name })
  const fork = findRepository(state, data.owner.login, data.name)
  if (!fork) throw new Error(`The fork ${data.full_name} is not there`)
  return fork
}

function freeBranch(c: Context<RepositoryEnv>, target: Repository, login: string): string {
  for (let number = 1; ; number++) {
    const branch = `${login}-patch-${number}`
    if (!branchTip(c.var.state, target, branch)) return branch
  }
}

/** The page of the open pull request that comes from this branch. */
function pullFrom(c: Context<RepositoryEnv>, branch: string): string | undefined {
  const { state, repository } = c.var
  for (const base of state.repositories.values()) {
    const found = [...base.pulls.values()].find(
      ({ headRepository, headBranch, number }) =>
        headRepository === repository.id && headBranch === branch && base.issues.get(number)?.state === 'open',
    )
    if (found) return `${pathOf(base)}/pull/${found.number}`
  }
  return undefined
}
