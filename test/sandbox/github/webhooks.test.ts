import { verify } from '@octokit/webhooks-methods'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { APP_ID, type ListenedGitHub, openGitHubWithListener, SECRET, SHOP } from './support.ts'

let github: ListenedGitHub
beforeEach(async () => {
  github = await openGitHubWithListener()
})
afterEach(() => github.close())

const openIssue = async (title = 'A word') => (await github.as('ada')).rest.issues.create({ ...SHOP, title })
const deliveries = async () => (await github.app().rest.apps.listWebhookDeliveries()).data

test('a delivery is signed as Probot checks it, and says where it comes from', async () => {
  await openIssue('“ü” & <b>')
  expect(await github.events()).toEqual(['issues.opened'])
  const [one] = github.heard
  expect(await verify(SECRET, one?.body ?? '', String(one?.headers['x-hub-signature-256']))).toBe(true)
  expect(await verify('another', one?.body ?? '', String(one?.headers['x-hub-signature-256']))).toBe(false)
  expect(one?.headers).toMatchObject({
    'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-github-hook-installation-target-type': 'integration',
    'x-github-hook-installation-target-id': String(APP_ID),
    'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
    'content-type': 'application/json',
    'x-hub-signature': expect.stringMatching(/^sha1=[0-9a-f]{40}$/),
  })
  const { data: installation } = await github.app().rest.apps.getRepoInstallation(SHOP)
  expect(one?.payload).toMatchObject({
    repository: { full_name: 'tern/shop' },
    organization: { login: 'tern' },
    installation: { id: installation.id, node_id: expect.any(String) },
    sender: { login: 'ada' },
  })
})

test('a failed delivery is not tried again, shows in the history, and comes again when asked for', async () => {
  github.answerWith(500)
  await openIssue()
  await github.events()
  const [failed] = await deliveries()
  expect(failed).toMatchObject({ event: 'issues', action: 'opened', status_code: 500, redelivery: false })
  github.answerWith(200)
  await github.app().rest.apps.redeliverWebhookDelivery({ delivery_id: failed?.id as number })
  await github.events()
  const after = await deliveries()
  expect(after.map(({ guid, status, redelivery }) => [guid, status, redelivery])).toEqual([
    [failed?.guid, 'OK', true],
    [failed?.guid, 'Invalid HTTP Response: 500', false],
  ])
  expect(github.heard[0]?.headers['x-github-delivery']).toBe(failed?.guid)
  const failures = await github.app().request('GET /app/hook/deliveries', { status: 'failure' })
  expect(failures.data).toHaveLength(1)
  const { data: whole } = await github.app().rest.apps.getWebhookDelivery({ delivery_id: after[0]?.id as number })
  expect(whole).toMatchObject({
    request: { headers: { 'x-github-event': 'issues' }, payload: { action: 'opened' } },
    response: { payload: 'heard' },
  })
})

test('the history is read in pages by a cursor', async () => {
  for (const title of ['one', 'two', 'three']) await openIssue(title)
  await github.events()
  const pages = []
  for await (const { data } of github.app().paginate.iterator('GET /app/hook/deliveries', { per_page: 2 })) {
    pages.push((data as unknown as { id: bigint }[]).map(({ id }) => id))
  }
  expect(pages.map(({ length }) => length)).toEqual([2, 1])
  expect(pages.flat()).toEqual(pages.flat().toSorted((one, other) => Number(other - one)))
  expect(pages.flat().every((id) => id > Number.MAX_SAFE_INTEGER)).toBe(true)
})

test('the address and secret can be changed; the secret is never shown', async () => {
  const { data } = await github.app().request({
    method: 'PATCH',
    url: '/app/hook/config',
    data: { secret: 'new', url: 'http://127.0.0.1:9/' },
  })
  expect(data).toEqual({ content_type: 'json', insecure_ssl: '0', secret: '********', url: 'http://127.0.0.1:9/' })
  await openIssue()
  await github.events()
  expect((await deliveries())[0]).toMatchObject({ status: 'failed to connect to host', status_code: 502 })
})

test('drop leaves a trace, lose leaves none, duplicate comes twice under one GUID', async () => {
  await github.control('faults', { drop: ['issues.opened'] })
  await openIssue()
  expect(await github.events()).toEqual([])
  expect((await deliveries())[0]).toMatchObject({ status_code: 502 })
  await github.control('faults', { lose: true })
  await openIssue()
  expect([await github.events(), (await deliveries()).length]).toEqual([[], 1])
  await github.control('faults', { duplicate: 1 })
  await openIssue()
  expect(await github.events()).toEqual(['issues.opened', 'issues.opened'])
  expect(new Set(github.heard.map(({ headers }) => headers['x-github-delivery'])).size).toBe(1)
})

test('chance goes the same way for the same seed', async () => {
  const course = async () => {
    await github.control('faults', { lose: 0.5, seed: 7 })
    const before = github.heard.length
    const came: boolean[] = []
    for (let count = 0; count < 12; count += 1) {
      const known = github.heard.length
      await openIssue()
      await github.events()
      came.push(github.heard.length > known)
    }
    expect(github.heard.length).toBeGreaterThan(before)
    return came
  }
  const first = await course()
  expect(first).toContain(false)
  expect(await course()).toEqual(first)
})

test('an App that is suspended, or does not cover the repository, hears nothing of it', async () => {
  await github.control('installations', { owner: 'tern', action: 'remove', repositories: ['shop'] })
  await openIssue()
  await github.control('installations', { owner: 'tern', action: 'add', repositories: ['shop'] })
  await github.control('installations', { owner: 'tern', action: 'suspend' })
  await openIssue()
  await github.control('installations', { owner: 'tern', action: 'unsuspend' })
  expect((await github.events()).toSorted()).toEqual([
    'installation.suspend',
    'installation.unsuspend',
    'installation_repositories.added',
    'installation_repositories.removed',
  ])
})
