import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Markup } from '../../../page.ts'
import { notFound } from '../../answer.ts'
import { changesJson, resolveCommit } from '../../git/commit.ts'
import { gitOf } from '../../git/git.ts'
import { newestFirst } from '../../git/history.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { checkCard, checksOn } from '../check.ts'
import { clock, pathOf, showIn } from '../dress.ts'
import { may, type RepositoryEnv } from '../person.ts'
import { fileDiff } from './diff.ts'

const COMMITS_SHOWN = 100

/** The history, one commit of it, and a check by itself. */
export function commitRoutes(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  pages.on('GET', ['/:o/:r/commits', '/:o/:r/commits/:ref{.+}'], (c) => {
    const { state, repository } = c.var
    const from = resolveCommit(state, repository, c.req.param('ref') ?? 'HEAD')
    const shas = from ? newestFirst(gitOf(state, repository), from).slice(0, COMMITS_SHOWN) : []
    return showIn(c, 'Commits', html`<h1>Commits</h1>${commitList(state, repository, shas)}`)
  })
  pages.get('/:o/:r/commit/:sha', (c) => {
    const { state, repository } = c.var
    const sha = resolveCommit(state, repository, c.req.param('sha'))
    const git = gitOf(state, repository)
    const commit = sha && git.commit(sha)
    if (!sha || !commit) throw notFound()
    const [title = '', ...rest] = commit.message.split('\n')
    const { files } = changesJson(git, sha, '')
    const checks = checksOn(state, repository, sha)
    const options = { files, mayWrite: may(c, repository, 'write') }
    const annotations = checks.flatMap((run) => run.annotations)
    return showIn(
      c,
      title,
      html`<h1>${title}</h1><p class="words">${rest.join('\n').trim()}</p>
<p class="soft">${commit.author.name}, ${clock(commit.committer.seconds * 1000)}, <code>${sha}</code>, <a href="${pathOf(repository)}/tree/${sha}">files at this commit</a></p>
${checks.map((run) => checkCard(state, repository, run, options))}
<h2>Files changed</h2>${files.map((file, index) => fileDiff(file, index, { annotations, links: [] }))}`,
    )
  })
  pages.get('/:o/:r/runs/:id', (c) => {
    const { state, repository } = c.var
    const run = state.checks.runs.find(
      (one) => one.repository === repository.id && String(one.id) === c.req.param('id'),
    )
    if (!run) throw notFound()
    const card = checkCard(state, repository, run, { files: [], mayWrite: may(c, repository, 'write') })
    const sha = run.sha.slice(0, 7)
    return showIn(
      c,
      run.name,
      html`<h1>${run.name}</h1><p>Of commit <a href="${pathOf(repository)}/commit/${run.sha}">${sha}</a></p>${card}`,
    )
  })
  return pages
}

/** Commits by their first lines. */
export function commitList(state: GitHubState, repository: Repository, shas: readonly string[]): Markup {
  const git = gitOf(state, repository)
  return html`<article class="card"><ul class="files">${shas.map((sha) => {
    const commit = git.commit(sha)
    return html`<li><div class="row"><span><a href="${pathOf(repository)}/commit/${sha}">${commit?.message.split('\n')[0]}</a>
<span class="soft">by ${commit?.author.name}</span></span><code>${sha.slice(0, 7)}</code></div></li>`
  })}</ul></article>`
}
