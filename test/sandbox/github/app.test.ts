import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clientFor } from '../../support/github.ts'
import { jwt, type ListenedGitHub, openGitHubWithListener, refused, SHOP } from './support.ts'

let github: ListenedGitHub
let clock = 0
beforeEach(async () => {
  clock = 0
  github = await openGitHubWithListener({ now: () => Date.now() + clock })
})
afterEach(() => github.close())

const MANIFEST = {
  name: 'Tern Shop',
  url: 'https://shop.example.org',
  hook_attributes: { url: 'http://127.0.0.1:9/webhooks/github' },
  redirect_url: 'http://127.0.0.1:9/setup/done',
  setup_url: 'http://127.0.0.1:9/welcome',
  default_permissions: { checks: 'write', contents: 'read' },
  default_events: ['push'],
}
const post = (path: string, fields: Record<string, string>, headers = {}) =>
  fetch(`${github.url}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers })
const propose = (manifest: object, name?: string) =>
  post('/organizations/tern/settings/apps/new?state=s%261', {
    manifest: JSON.stringify(manifest),
    ...(name === undefined ? {} : { name }),
  })

async function register(name = 'Tern Shop') {
  const back = new URL((await propose(MANIFEST, name)).headers.get('location') ?? '')
  return { back, code: back.searchParams.get('code') ?? '' }
}

describe('registering', () => {
  test('shows what the App asks for, and gives its credentials once for the code', async () => {
    const page = await (await propose(MANIFEST)).text()
    expect(page).toContain('Create GitHub App for tern')
    expect(page).toContain('write checks')
    const { back, code } = await register()
    expect([back.pathname, back.searchParams.get('state')]).toEqual(['/setup/done', 's&1'])
    const { data } = await github.nobody().rest.apps.createFromManifest({ code })
    expect(data).toMatchObject({
      slug: 'tern-shop',
      owner: { login: 'tern' },
      permissions: { checks: 'write', contents: 'read', metadata: 'read' },
      events: ['push'],
      webhook_secret: expect.stringMatching(/^[0-9a-f]{40}$/),
    })
    const app = clientFor(github.url, jwt(data.id, data.pem))
    expect((await app.rest.apps.getAuthenticated()).data).toMatchObject({ id: data.id, name: 'Tern Shop' })
    expect((await app.rest.apps.listInstallations()).data).toEqual([])
    await expect(github.nobody().rest.apps.createFromManifest({ code })).rejects.toEqual(refused(404))
  })

  test('a code is good for an hour', async () => {
    const { code } = await register()
    clock = 3_600_000
    await expect(github.nobody().rest.apps.createFromManifest({ code })).rejects.toEqual(refused(404))
  })

  test.each([
    ['without an address', { ...MANIFEST, url: undefined }, 'url'],
    ['without a webhook address', { ...MANIFEST, hook_attributes: {} }, 'hook_attributes.url'],
  ])('refuses a manifest %s', async (_, manifest, word) => {
    const answer = await propose(manifest, 'Tern Shop')
    expect([answer.status, (await answer.text()).includes(word)]).toEqual([422, true])
  })

  test('refuses a name that is taken', async () => {
    const answer = await propose(MANIFEST, 'TagSale')
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining('Name is already taken')])
  })
})

describe('installing', () => {
  async function registered() {
    const { code } = await register()
    const { data } = await github.nobody().rest.apps.createFromManifest({ code })
    return clientFor(github.url, jwt(data.id, data.pem))
  }

  test('on chosen repositories, then leads to where the App wants', async () => {
    const app = await registered()
    expect(await (await fetch(`${github.url}/apps/tern-shop/installations/new`)).text()).toContain('Install on tern')
    const form = { owner: 'tern', selection: 'selected', repositories: 'shop' }
    const answer = await post('/apps/tern-shop/installations/new', form, { cookie: 'login=ada' })
    const back = new URL(answer.headers.get('location') ?? '')
    const { data: installation } = await app.rest.apps.getRepoInstallation(SHOP)
    expect(Object.fromEntries(back.searchParams)).toEqual({
      installation_id: String(installation.id),
      setup_action: 'install',
    })
    expect(installation).toMatchObject({
      repository_selection: 'selected',
      account: { login: 'tern' },
      suspended_at: null,
    })
    await expect(app.rest.apps.getRepoInstallation({ ...SHOP, repo: 'goods' })).rejects.toEqual(refused(404))
    const { data } = await app.rest.apps.createInstallationAccessToken({ installation_id: installation.id })
    const repositories = await clientFor(github.url, data.token).rest.apps.listReposAccessibleToInstallation()
    expect(repositories.data.repositories.map(({ name }) => name)).toEqual(['shop'])
  })

  test('is for those who run the account', async () => {
    await registered()
    const form = { owner: 'tern', selection: 'all' }
    const answer = await post('/apps/tern-shop/installations/new', form, { cookie: 'login=bob' })
    expect(answer.status).toBe(403)
  })
})

describe('an installation', () => {
  const installation = async () => (await github.app().rest.apps.getOrgInstallation({ org: 'tern' })).data

  test('that is suspended gives no tokens, and those it gave rest', async () => {
    const octokit = await github.installation()
    const { id } = await installation()
    await github.app().rest.apps.suspendInstallation({ installation_id: id })
    await expect(octokit.rest.repos.get(SHOP)).rejects.toEqual(refused(403, 'suspended'))
    await expect(github.installation()).rejects.toEqual(refused(403, 'suspended'))
    expect(await installation()).toMatchObject({ suspended_at: expect.any(String) })
    await github.app().rest.apps.unsuspendInstallation({ installation_id: id })
    await octokit.rest.repos.get(SHOP)
  })

  test('that is gone takes its tokens along, and tells the App what it lost', async () => {
    const octokit = await github.installation()
    await github.app().rest.apps.deleteInstallation({ installation_id: (await installation()).id })
    await expect(octokit.rest.repos.get(SHOP)).rejects.toEqual(refused(401))
    await expect(installation()).rejects.toEqual(refused(404))
    expect(await github.events()).toEqual(['installation.deleted'])
    expect(github.heard[0]?.payload).toMatchObject({
      installation: { account: { login: 'tern' } },
      repositories: [{ full_name: 'tern/shop' }, { full_name: 'tern/goods' }],
    })
    await github.control('installations', { owner: 'tern', action: 'install', repositories: ['tern/goods'] })
    expect((await github.events()).at(-1)).toBe('installation.created')
    expect(await installation()).toMatchObject({ repository_selection: 'selected' })
  })

  test('loses and gets repositories by its buttons', async () => {
    const octokit = await github.installation()
    const page = `/organizations/tern/settings/installations/${(await installation()).id}`
    expect(await (await fetch(github.url + page)).text()).toContain('Uninstall')
    await post(page, { selection: 'selected', repositories: 'goods' })
    await expect(octokit.rest.repos.get(SHOP)).rejects.toEqual(refused(404))
    await post(page, { selection: 'all' })
    await octokit.rest.repos.get(SHOP)
    await post(page, { action: 'suspend' })
    await post(page, { action: 'uninstall' })
    await expect(installation()).rejects.toEqual(refused(404))
    await github.events()
    const changes = github.heard.map(({ payload }) => [
      payload.action,
      payload.repositories_added,
      payload.repositories_removed,
    ])
    expect(changes).toContainEqual(['removed', [], [expect.objectContaining({ full_name: 'tern/shop' })]])
    expect(changes).toContainEqual(['added', [expect.objectContaining({ full_name: 'tern/shop' })], []])
  })

  test('a token may do what was asked for it and no more', async () => {
    const narrow = await github.installation('tern', { repositories: ['shop'], permissions: { contents: 'read' } })
    await expect(narrow.rest.issues.create({ ...SHOP, title: 'x' })).rejects.toEqual(refused(403, 'integration'))
    await expect(narrow.rest.repos.createRelease({ ...SHOP, tag_name: 'v1' })).rejects.toEqual(refused(403))
    await expect(narrow.rest.checks.listForRef({ ...SHOP, ref: 'main' })).rejects.toEqual(refused(403))
  })
})
