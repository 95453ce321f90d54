import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { Markup } from '../../page.ts'
import { notFound } from '../answer.ts'
import { numberIn } from '../body.ts'
import type { Comment, Issue, Reaction } from '../issues/issue-state.ts'
import type { Review } from '../pulls/pull-state.ts'

import { clock, pathOf, showIn } from './dress.ts'
import { markdown } from './markdown.ts'
import { may, type RepositoryEnv } from './person.ts'

/** Issues, and what pull requests have of them: comments, a title, being open or closed. */
export function issueRoutes(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  const address = (c: Context<RepositoryEnv>) => {
    const { owner, name: repo } = c.var.repository
    return { owner, repo, issue_number: find(c).number }
  }
  const back = (c: Context<RepositoryEnv>, issue: Issue) => c.redirect(pageOf(c, issue), 303)
  pages.get('/:o/:r/issues', listPage)
  pages.get('/:o/:r/issues/new', newPage)
  pages.post('/:o/:r/issues/new', async (c) => {
    const { owner, name: repo } = c.var.repository
    const form = await c.req.parseBody()
    const title = textOf(form.title)
    const { data } = await c.var.api.rest.issues.create({ owner, repo, title, body: textOf(form.body) })
    return c.redirect(`${pathOf(c.var.repository)}/issues/${data.number}`, 303)
  })
  pages.get('/:o/:r/issues/:n', (c) => {
    const issue = find(c)
    if (c.var.repository.pulls.has(issue.number)) return c.redirect(pageOf(c, issue))
    return showIn(c, `${issue.title} #${issue.number}`, issuePage(c, issue))
  })
  for (const kind of ['issues', 'pull'] as const) {
    pages.post(`/:o/:r/${kind}/:n/comments`, async (c) => {
      const form = await c.req.parseBody()
      const body = textOf(form.body)
      if (body || !form.state) await c.var.api.rest.issues.createComment({ ...address(c), body })
      if (form.state) await c.var.api.rest.issues.update({ ...address(c), state: stateIn(form.state) })
      return back(c, find(c))
    })
    pages.post(`/:o/:r/${kind}/:n/edit`, async (c) => {
      const form = await c.req.parseBody()
      await c.var.api.rest.issues.update({ ...address(c), title: textOf(form.title) })
      return back(c, find(c))
    })
  }
  return pages
}

/** What somebody wrote into a form. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.replaceAll('\r\n', '\n').trim() : ''

/** Which are wanted, those open or those closed, and the links to choose. */
export function choiceOfState(c: Context<RepositoryEnv>, part: 'issues' | 'pulls') {
  const wanted = c.req.query('state') === 'closed' ? ('closed' as const) : ('open' as const)
  const link = (which: string, text: string) =>
    which === wanted
      ? html`<strong>${text}</strong>`
      : html`<a href="${pathOf(c.var.repository)}/${part}?state=${which}">${text}</a>`
  return { wanted, choice: html`<p class="buttons">${link('open', 'Open')} ${link('closed', 'Closed')}</p>` }
}

/** What happened to it, as a coloured word. */
export function stateTag(state: 'open' | 'closed' | 'merged'): Markup {
  const kind = { open: 'good', closed: 'bad', merged: 'wait' }[state]
  return html`<span class="tag ${kind}">${state}</span>`
}

/** A person's words under their name. */
export function said(author: string, at: number, body: string, verb: string, more: Markup | '' = ''): Markup {
  return html`<article class="card"><div class="row"><h2 class="by">${author} <span class="soft">${verb}</span></h2>${clock(at)}</div>
<section>${markdown(body)}${more}</section></article>`
}

/** Comments and reviews, oldest first. */
export function conversation(c: Context<RepositoryEnv>, issue: Issue, reviews: readonly Review[] = []): Markup[] {
  const isSeen = (review: Review) => review.state !== 'PENDING' || review.author === c.var.login
  const all = [
    ...[...issue.comments.values()].map((one) => ({ at: one.at, view: commentView(one) })),
    ...reviews.filter(isSeen).map((one) => ({ at: one.at, view: reviewView(one) })),
  ]
  return all.sort((one, other) => one.at - other.at).map(({ view }) => view)
}

/** A form for a comment, with a button that closes or opens again. */
export function replyForm(c: Context<RepositoryEnv>, issue: Issue): Markup {
  const { repository, login } = c.var
  const isMerged = typeof repository.pulls.get(issue.number)?.mergedAt === 'number'
  const mayTurn = !isMerged && (issue.author === login || may(c, repository, 'triage'))
  const [next, word] = issue.state === 'open' ? ['closed', 'Close'] : ['open', 'Reopen']
  return html`<form method="post" class="card" action="${pageOf(c, issue)}/comments"><div class="stack">
<label for="comment">Comment</label><textarea id="comment" name="body" rows="4"></textarea>
<div class="buttons"><button class="main">Comment</button>${mayTurn ? html`<button name="state" value="${next}">${word}</button>` : ''}</div></div></form>`
}

/** A form for another title, for whom may change it. */
export function renameForm(c: Context<RepositoryEnv>, issue: Issue): Markup | '' {
  if (issue.author !== c.var.login && !may(c, c.var.repository, 'triage')) return ''
  return html`<details><summary>Change the title</summary><form method="post" action="${pageOf(c, issue)}/edit" class="stack">
<div><label for="title">Title</label><input type="text" id="title" name="title" value="${issue.title}" required></div><button>Save the title</button></form></details>`
}

const pageOf = (c: Context<RepositoryEnv>, { number }: Issue) =>
  `${pathOf(c.var.repository)}/${c.var.repository.pulls.has(number) ? 'pull' : 'issues'}/${number}`

const stateIn = (value: unknown) => (value === 'closed' ? 'closed' : 'open')

function find(c: Context<RepositoryEnv>): Issue {
  const issue = c.var.repository.issues.get(numberIn(c.req.param('n')))
  if (!issue) throw notFound()
  return issue
}

const commentView = ({ author, at, body, reactions }: Comment) =>
  said(author, at, body, 'commented', reactions.length > 0 ? reactionRow(reactions) : '')

const reactionRow = (reactions: readonly Reaction[]): Markup =>
  html`<p>${reactions.map(({ content, author }) => html`<span class="tag"><span aria-hidden="true">${SIGNS[content]}</span> ${content} from ${author}</span> `)}</p>`

const SIGNS = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  confused: '😕',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  eyes: '👀',
}

const VERBS = {
  APPROVED: 'approved this',
  CHANGES_REQUESTED: 'asked for changes',
  COMMENTED: 'reviewed this',
  DISMISSED: 'reviewed this, which no longer counts',
  PENDING: 'has begun a review',
}
const reviewView = ({ author, at, body, state }: Review) => said(author, at, body, VERBS[state])

function listPage(c: Context<RepositoryEnv>) {
  const { repository } = c.var
  const { wanted, choice } = choiceOfState(c, 'issues')
  const issues = [...repository.issues.values()].toReversed()
  const shown = issues.filter(({ number, state }) => state === wanted && !repository.pulls.has(number))
  const rows = shown.map(
    (issue) => html`<li><div class="row"><span><a href="${pageOf(c, issue)}">${issue.title}</a>
<span class="soft">#${issue.number} by ${issue.author}</span> ${labels(issue)}</span>${clock(issue.at)}</div></li>`,
  )
  return showIn(
    c,
    'Issues',
    html`<h1>Issues</h1>${choice}<p><a href="${pathOf(repository)}/issues/new">New issue</a></p>
${rows.length > 0 ? html`<article class="card"><ul class="files">${rows}</ul></article>` : html`<p>There are none that are ${wanted}.</p>`}`,
  )
}

const labels = (issue: Issue) => issue.labels.map((name) => html`<span class="tag">${name}</span> `)

function newPage(c: Context<RepositoryEnv>) {
  return showIn(
    c,
    'New issue',
    html`<h1>New issue</h1><form method="post" class="card"><div class="stack">
<div><label for="title">Title</label><input type="text" id="title" name="title" value="${c.req.query('title') ?? ''}" required></div>
<div><label for="body">Text</label><textarea id="body" name="body" rows="8">${'\n'}${c.req.query('body') ?? ''}</textarea></div>
<button class="main">Open the issue</button></div></form>`,
  )
}

const issuePage = (
  c: Context<RepositoryEnv>,
  issue: Issue,
): Markup => html`<h1>${issue.title} <span class="soft">#${issue.number}</span></h1>
<p>${stateTag(issue.state)} ${labels(issue)}</p>
${renameForm(c, issue)}
${said(issue.author, issue.at, issue.body || 'No description.', 'opened this')}
${conversation(c, issue)}
${replyForm(c, issue)}`
