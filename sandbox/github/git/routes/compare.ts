import { Hono } from 'hono'
import { visible } from '../../access.ts'
import { type GitHubEnv, notFound, originOf } from '../../answer.ts'
import { paged } from '../../paging.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { commitJson, resolveCommit } from '../commit.ts'
import { changesBetween, fileJson } from '../difference.ts'
import { gitOf } from '../git.ts'
import { commitsBetween, mergeBase } from '../history.ts'
import { EMPTY_TREE } from '../object.ts'

/** What one answer holds (https://docs.github.com/en/rest/commits/commits#compare-two-commits). */
const COMMITS_MAX = 250
const FILES_MAX = 300

/** What `head` has that `base` lacks, from the commit where they parted. */
export function compareRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>().get('/repos/:o/:r/compare/:range{.+}', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'contents')
    const range = c.req.param('range')
    const [from = '', to = ''] = range.split('...')
    const [base, head] = [endOf(state, repository, from), endOf(state, repository, to)]
    const git = gitOf(state, repository)
    const parted = base && head && mergeBase(git, base, head)
    if (!base || !head || !parted) throw notFound()
    const [ahead, behind] = [commitsBetween(git, base, head), commitsBetween(git, head, base)]
    const url = `${originOf(c)}/repos/${repository.owner}/${repository.name}`
    const page = `${originOf(c)}/${repository.owner}/${repository.name}/compare/${range}`
    const tree = (oid: string) => git.commit(oid)?.tree ?? EMPTY_TREE
    const changes = changesBetween(git, tree(parted), tree(head)).slice(0, FILES_MAX)
    const isFirstPage = (c.req.query('page') ?? '1') === '1'
    const show = (oid: string) => commitJson(state, repository, oid, originOf(c))
    return c.json({
      url: `${url}/compare/${range}`,
      html_url: page,
      permalink_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      base_commit: show(base),
      merge_base_commit: show(parted),
      status: statusOf(ahead.length, behind.length),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: paged(c, ahead, COMMITS_MAX).map(show),
      files: isFirstPage ? changes.map((change) => fileJson(git, change, url, head)) : [],
    })
  })
}

/** One end of a comparison: `ref`, `owner:ref` or `owner:repository:ref`, in the same network of forks. */
function endOf(state: GitHubState, repository: Repository, text: string): string | undefined {
  const parts = text.split(':')
  const ref = parts.at(-1) ?? ''
  if (parts.length === 1) return resolveCommit(state, repository, ref)
  const [owner = '', name] = parts
  const isOwners = (one: Repository) => one.owner.toLowerCase() === owner.toLowerCase()
  if (isOwners(repository) && parts.length === 2) return resolveCommit(state, repository, ref)
  const found = [...state.repositories.values()].find((one) => {
    const isNamed = parts.length < 3 || one.name.toLowerCase() === name?.toLowerCase()
    return one.network === repository.network && isOwners(one) && isNamed
  })
  return found && resolveCommit(state, found, ref)
}

function statusOf(ahead: number, behind: number): 'identical' | 'ahead' | 'behind' | 'diverged' {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}
