import type { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkPull } from '../../../app/repository/check/check.ts'
import { type Place, push, tip } from '../../support/github.ts'
import type { TestShop } from '../../support/shop.ts'
import { parseMarkdown, textOutsideCode } from './markdown.ts'
import { PULLS, type PullCase } from './pulls.ts'
import { checkOn, openRepositories } from './repositories.ts'

const cases = Object.entries(PULLS).map(([name, pull], index) => ({ name, pull, index, repo: `shop-${index}` }))
let shop: TestShop
beforeAll(async () => {
  shop = await openRepositories(Object.fromEntries(cases.map(({ repo, pull }) => [repo, pull.base ?? {}])))
}, 60_000)
afterAll(() => shop.close())

/** GitHub forgives so many writes a minute; a shop that starts anew counts anew. */
const CASES_A_START = 15

test('there are at least forty of them', () => expect(cases.length).toBeGreaterThanOrEqual(40))

test.each(cases)('a pull request that $name', { timeout: 60_000 }, async ({ pull, repo, index }) => {
  if (index % CASES_A_START === 0) await shop.restart()
  const place = { owner: 'heron', repo }
  const { number, head } = await open(place, pull)
  for (const how of pull.agreed ?? [])
    await agree(shop.github.as(pull.agreedBy ?? 'ada'), { ...place, number, head }, how)
  await checkPull(shop.parts, { repository: `heron/${repo}`, number })
  const { run, runs, annotations, places } = await checkOn(shop, place, head)
  expect(run?.output).toMatchObject({ title: pull.title })
  expect(run).toMatchObject({ name: 'Tagsale', status: 'completed', conclusion: pull.conclusion })
  expect(runs).toHaveLength(1)
  const expected = (pull.annotations ?? []).map((one) => `catalog/${one}`)
  expect(annotations).toHaveLength(pull.annotationsTotal ?? expected.length)
  expect(places.slice(0, expected.length)).toEqual(expected)
  const summary = run?.output.summary ?? ''
  for (const words of pull.says ?? []) expect(summary).toMatch(exactly(words))
  for (const words of pull.never ?? []) expect(summary).not.toMatch(exactly(words))
  expect(Buffer.byteLength(summary)).toBeLessThan(62_000)
  const outside = textOutsideCode(parseMarkdown(summary)).replaceAll(/!\[[^\]]*\]\(([^)]*)\)/g, (picture, url) =>
    url.startsWith(`${shop.url}/`) ? '' : picture,
  )
  expect(outside).not.toMatch(/@\w|#\d|<\w|https?:|evil/)
})

const exactly = (words: string | RegExp) =>
  typeof words === 'string' ? new RegExp(words.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')) : words

async function open(place: Place, pull: PullCase): Promise<{ number: number; head: string }> {
  const author = shop.github.as(pull.by ?? 'bob')
  const isFork = pull.by === 'eve'
  const main = await tip(author, place)
  const { data } = isFork
    ? await author.rest.repos.createFork(place)
    : { data: { owner: { login: place.owner }, name: place.repo } }
  const home = { owner: data.owner.login, repo: data.name }
  const head = await push(author, home, { branch: 'change', on: main, change: pull.change })
  if (pull.meanwhile) await push(shop.github.as('ada'), place, { branch: 'main', change: pull.meanwhile })
  const opened = await author.rest.pulls.create({
    ...place,
    title: '@octocat <b>A change</b>',
    head: `${home.owner}:change`,
    base: 'main',
    draft: pull.draft ?? false,
  })
  if (pull.forkGone) await author.rest.repos.delete(home)
  return { number: opened.data.number, head }
}

type Agreement = NonNullable<PullCase['agreed']>[number]

async function agree(
  octokit: Octokit,
  { number, head, ...place }: Place & { number: number; head: string },
  how: Agreement,
): Promise<void> {
  const review = { ...place, pull_number: number, event: 'APPROVE' as const }
  if (how === 'review') await octokit.rest.pulls.createReview({ ...review, commit_id: head })
  else if (how === 'old review')
    await octokit.rest.pulls.createReview({ ...review, commit_id: await tip(octokit, place) })
  else {
    const sha =
      how === 'comment' || how === 'edited comment'
        ? head
        : how === 'short comment'
          ? head.slice(0, 12)
          : 'a'.repeat(40)
    const body = `Fine.\n/tagsale approve ${sha}`
    const { data } = await octokit.rest.issues.createComment({ ...place, issue_number: number, body })
    if (how !== 'edited comment') return
    await new Promise((done) => setTimeout(done, 1100)) // GitHub writes times to the second
    await octokit.rest.issues.updateComment({ ...place, comment_id: data.id, body: `${body} ` })
  }
}
