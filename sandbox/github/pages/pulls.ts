import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { notFound, Refusal } from '../answer.ts'
import { numberIn } from '../body.ts'
import { askAgain, pressAction } from '../checks/checks.ts'
import { identityOf } from '../git/commit.ts'
import { branchTip, gitOf } from '../git/git.ts'
import { mergeCommits } from '../git/merge.ts'
import { moveRef } from '../git/push.ts'
import type { Issue } from '../issues/issue-state.ts'
import type { Pull } from '../pulls/pull-state.ts'

import { repositoryWithId } from '../state.ts'
import { checksOn, verdict } from './check.ts'
import { clock, pathOf, showIn } from './dress.ts'
import { choiceOfState, textOf } from './issues.ts'
import { may, type RepositoryEnv } from './person.ts'
import { isWaiting, pullPage } from './pull-page.ts'

const REFRESH_SECONDS = '2'
const METHODS = ['merge', 'squash', 'rebase'] as const
const VERDICTS = ['COMMENT', 'APPROVE', 'REQUEST_CHANGES'] as const

/** Pull requests, and all that a maintainer does with one. */
export function pullRoutes(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  const one = '/:o/:r/pull/:n'
  const back = (c: Context<RepositoryEnv>) => c.redirect(`${pathOf(c.var.repository)}/pull/${find(c).pull.number}`, 303)
  pages.get('/:o/:r/pulls', listPage)
  pages.get(one, (c) => {
    const { pull, issue } = find(c)
    if (isWaiting(c, pull, issue)) c.header('refresh', REFRESH_SECONDS)
    return showIn(c, `${issue.title} #${issue.number}`, pullPage(c, pull, issue))
  })
  pages.post(`${one}/merge`, async (c) => {
    const asked = await c.req.parseBody()
    const merge_method = METHODS.find((known) => known === asked.method) ?? 'merge'
    await c.var.api.rest.pulls.merge({ ...addressOf(c), merge_method })
    return back(c)
  })
  pages.post(`${one}/review`, async (c) => {
    const form = await c.req.parseBody()
    const event = VERDICTS.find((known) => known === form.event) ?? 'COMMENT'
    await c.var.api.rest.pulls.createReview({ ...addressOf(c), event, body: textOf(form.body) })
    return back(c)
  })
  pages.post(`${one}/update`, (c) => {
    updateBranch(c, find(c).pull)
    return back(c)
  })
  pages.post('/:o/:r/checks/:id', async (c) => {
    const { state, repository, login } = c.var
    const run = state.checks.runs.find(
      ({ id, repository: at }) => at === repository.id && id === numberIn(c.req.param('id')),
    )
    if (!run) throw notFound()
    if (!may(c, repository, 'write')) throw new Refusal(403, 'Must have push access to repository')
    const { identifier } = await c.req.parseBody()
    if (identifier) pressAction(state, run.id, String(identifier), login)
    else askAgain(state, run, login)
    const pull = [...repository.pulls.values()].findLast(({ headSha }) => headSha === run.sha)
    const page = pull ? `pull/${pull.number}?since=${state.now()}` : `commit/${run.sha}`
    return c.redirect(`${pathOf(repository)}/${page}`, 303)
  })
  return pages
}

function find(c: Context<RepositoryEnv>): { pull: Pull; issue: Issue } {
  const { repository } = c.var
  const number = numberIn(c.req.param('n'))
  const pull = repository.pulls.get(number)
  const issue = repository.issues.get(number)
  if (!pull || !issue) throw notFound()
  return { pull, issue }
}

const addressOf = (c: Context<RepositoryEnv>) => {
  const { owner, name: repo } = c.var.repository
  return { owner, repo, pull_number: find(c).pull.number }
}

/** Merges the base into the pull request's branch, as GitHub's "Update branch" does. */
function updateBranch(c: Context<RepositoryEnv>, pull: Pull): void {
  const { state, repository, login } = c.var
  const head = repositoryWithId(state, pull.headRepository)
  if (!head || !may(c, head, 'write')) throw new Refusal(403, 'You may not push to this branch.')
  const git = gitOf(state, repository)
  const base = branchTip(state, repository, pull.base)
  if (!base) throw notFound()
  const { tree, conflicts } = mergeCommits(git, pull.headSha, base)
  if (conflicts.length > 0) throw new Refusal(422, `Both sides changed the same lines: ${conflicts.join(', ')}`)
  const author = identityOf(state, login)
  const message = `Merge branch '${pull.base}' into ${pull.headBranch}`
  const sha = git.writeCommit({ tree, parents: [pull.headSha, base], author, committer: author, message })
  moveRef(state, head, `refs/heads/${pull.headBranch}`, sha, login)
}

function listPage(c: Context<RepositoryEnv>) {
  const { state, repository } = c.var
  const { wanted, choice } = choiceOfState(c, 'pulls')
  const pulls = [...repository.pulls.values()].toReversed()
  const shown = pulls.flatMap((pull) => {
    const issue = repository.issues.get(pull.number)
    return issue?.state === wanted ? [{ pull, issue }] : []
  })
  const rows = shown.map(({ pull, issue }) => {
    const checks = checksOn(state, repository, pull.headSha)
    return html`<li><div class="row"><span><a href="${pathOf(repository)}/pull/${issue.number}">${issue.title}</a>
<span class="soft">#${issue.number} by ${issue.author}</span></span><span>${checks.map(verdict)} ${clock(issue.at)}</span></div></li>`
  })
  return showIn(
    c,
    'Pull requests',
    html`<h1>Pull requests</h1>${choice}
${rows.length > 0 ? html`<article class="card"><ul class="files">${rows}</ul></article>` : html`<p>There are none that are ${wanted}. Edit a file and choose “Propose as a pull request” to open one.</p>`}`,
  )
}
