import { expect, test } from 'vitest'
import type { GitHubPayload } from '../../app/github/verify.ts'
import { jobsForDelivery } from '../../app/repository/events.ts'

const repository = { full_name: 'Tern/Shop', default_branch: 'main' }
const pull = { number: 7, head: { ref: 'mug' } }
const welcomePull = { number: 1, head: { ref: 'tagsale/welcome' } }
const onPull = { number: 7, pull_request: {} }
const person = { type: 'User' }
const sha = 'a'.repeat(40)

test.each<[event: string, payload: GitHubPayload, jobs: string[]]>([
  ['push', { repository, ref: 'refs/heads/main' }, ['find-shop', 'refresh-shop']],
  ['push', { repository, ref: 'refs/heads/mug' }, []],
  ['push', { repository, ref: 'refs/tags/main' }, []],
  ['pull_request', { repository, action: 'opened', pull_request: pull }, ['check-pull:tern/shop#7']],
  ['pull_request', { repository, action: 'synchronize', pull_request: pull }, ['check-pull:tern/shop#7']],
  ['pull_request', { repository, action: 'closed', pull_request: pull }, ['check-pull:tern/shop#7']],
  ['pull_request', { repository, action: 'labeled', pull_request: pull }, []],
  [
    'pull_request',
    { repository, action: 'edited', pull_request: welcomePull },
    ['check-pull:tern/shop#1', 'welcome:tern/shop'],
  ],
  ['pull_request_review', { repository, action: 'submitted', pull_request: pull }, ['check-pull:tern/shop#7']],
  ['issue_comment', comment('/tagsale recheck'), ['check-pull:tern/shop#7']],
  ['issue_comment', comment('A lovely mug!'), []],
  ['issue_comment', { ...comment('/tagsale recheck'), sender: { type: 'Bot' } }, []],
  ['issue_comment', { ...comment('/tagsale recheck'), issue: { number: 7 } }, []],
  [
    'check_run',
    { repository, action: 'rerequested', check_run: { external_id: 'pr:7@abc' } },
    ['check-pull:tern/shop#7'],
  ],
  ['check_run', { repository, action: 'rerequested', check_run: { external_id: 'of another' } }, []],
  ['check_run', { repository, action: 'completed', check_run: { external_id: 'pr:7@abc' } }, []],
  ['check_suite', { repository, action: 'rerequested' }, ['sweep-github']],
  [
    'merge_group',
    { repository, action: 'checks_requested', merge_group: { head_sha: sha, base_ref: 'refs/heads/main' } },
    [`check-commit:tern/shop@${sha}`],
  ],
  ['release', { repository, action: 'published' }, ['follow-releases:tern/shop', 'watch-assets']],
  ['installation', { action: 'created' }, ['find-shop', 'watch-assets']],
  ['installation', { action: 'suspend' }, ['find-shop', 'watch-assets']],
  ['installation_repositories', { action: 'removed' }, ['find-shop', 'watch-assets']],
  ['repository', { repository, action: 'renamed' }, ['find-shop', 'watch-assets']],
  ['ping', {}, []],
  ['an_event_of_tomorrow', { repository, action: 'opened' }, []],
  ['pull_request', {}, []],
])('%s %j', (event, payload, jobs) => {
  expect(jobsForDelivery({ event, payload }).map(({ id }) => id)).toEqual(jobs)
})

function comment(body: string): GitHubPayload {
  return { repository, action: 'created', issue: onPull, comment: { body }, sender: person }
}

test('asked for by a person, the same check is written again', () => {
  const work = (event: string, payload: GitHubPayload) => jobsForDelivery({ event, payload })[0]?.work
  expect(work('issue_comment', comment('/tagsale recheck'))).toMatchObject({ force: true })
  const rerun = { repository, action: 'rerequested', check_run: { external_id: 'pr:7@abc' } }
  expect(work('check_run', rerun)).toMatchObject({ number: 7, force: true })
  expect(work('pull_request', { repository, action: 'opened', pull_request: pull })).not.toHaveProperty('force')
})
