import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGitHub } from '../../sandbox/github.ts'

const APP = 4242
const BOOK = new TextEncoder().encode('%PDF-1.7 a field guide to terns')
const MINUTE = 60_000
const repo = { owner: 'tern', repo: 'goods' }

let github: Awaited<ReturnType<typeof startGitHub>>
let folder: string
let clock = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'github-'))
  await writeFile(join(folder, 'tools.zip'), 'PK tools')
  github = await startGitHub({
    app: { id: APP },
    organizations: [{ login: 'tern', members: [{ login: 'ada', role: 'admin' }] }],
    now: () => Date.now() + clock,
    releases: [
      { repository: 'tern/goods', tag: 'v1', file: 'field-guide.pdf', bytes: BOOK },
      { repository: 'tern/goods', tag: 'v1', file: 'tools.zip', bytes: join(folder, 'tools.zip') },
      { repository: 'tern/goods', tag: 'v2', file: 'field-guide.pdf', bytes: new TextEncoder().encode('second') },
      { repository: 'tern/secrets', tag: 'v1', file: 'plans.txt', bytes: new TextEncoder().encode('plans') },
      { repository: 'gull/nest', tag: 'v1', file: 'egg.txt', bytes: new TextEncoder().encode('egg') },
    ],
  })
})
afterAll(async () => {
  await github.close()
  await rm(folder, { recursive: true })
})
beforeEach(async () => {
  clock = 0
  await faults({})
})

const faults = (body: object) =>
  fetch(`${github.url}/_test/faults`, { method: 'POST', body: JSON.stringify(body) }).then((answer) => answer.json())

const client = (auth?: string, baseUrl = github.url) => new Octokit({ baseUrl, ...(auth ? { auth } : {}), log: quiet })
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function jwt(claims: object = {}, key = github.privateKey): string {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iss: APP, iat: now - 30, exp: now + 300, ...claims })}`
  return `${text}.${createSign('sha256').update(text).sign(key, 'base64url')}`
}

async function tokenFor(repositories: string[], permissions: object = { contents: 'read' }): Promise<string> {
  const app = client(jwt())
  const { data: installation } = await app.rest.apps.getRepoInstallation(repo)
  const { data } = await app.rest.apps.createInstallationAccessToken({
    installation_id: installation.id,
    repositories,
    permissions,
  })
  return data.token
}

async function fileAddress(place = 0): Promise<string> {
  const octokit = client(await tokenFor(['goods']))
  const { data } = await octokit.rest.repos.getReleaseByTag({ ...repo, tag: 'v1' })
  const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
    ...repo,
    asset_id: data.assets[place]?.id ?? 0,
    headers: { accept: 'application/octet-stream' },
    request: { redirect: 'manual' },
  })
  expect(answer.status as number).toBe(302)
  return answer.headers.location ?? ''
}

const status = (number: number) => expect.objectContaining({ status: number })

describe('the App', () => {
  test('says who it is to whoever holds its key', async () => {
    const app = client(jwt())
    expect((await app.rest.apps.getAuthenticated()).data).toMatchObject({ id: APP, slug: 'tagsale' })
    expect((await app.rest.apps.listInstallations()).data.map(({ account }) => account)).toMatchObject([
      { login: 'tern' },
      { login: 'gull' },
    ])
    const ids = [
      await app.rest.apps.getOrgInstallation({ org: 'tern' }),
      await app.rest.apps.getUserInstallation({ username: 'tern' }),
      await app.rest.apps.getRepoInstallation(repo),
    ].map(({ data }) => data.id)
    expect(new Set(ids).size).toBe(1)
  })

  test.each([
    ['another key', () => jwt({}, newKey())],
    ['another App', () => jwt({ iss: 1 })],
    ['a time that is over', () => jwt({ exp: Math.floor(Date.now() / 1000) - 1 })],
    ['more than ten minutes', () => jwt({ exp: Math.floor(Date.now() / 1000) + 3600 })],
    ['a signing time to come', () => jwt({ iat: Math.floor(Date.now() / 1000) + 3600 })],
    ['no JSON', () => 'a.b.c'],
  ])('is refused with %s', async (_, make) => {
    await expect(client(make()).rest.apps.getAuthenticated()).rejects.toEqual(status(401))
  })

  test('is not installed where it has no repositories', async () => {
    await expect(client(jwt()).rest.apps.getOrgInstallation({ org: 'puffin' })).rejects.toEqual(status(404))
  })

  test('gives no more than it has', async () => {
    await expect(tokenFor(['goods', 'nest'])).rejects.toEqual(status(422))
    await expect(tokenFor(['goods'], { merge_queues: 'write' })).rejects.toEqual(status(422))
    await expect(tokenFor(['goods'], { administration: 'read' })).rejects.toEqual(status(422))
  })
})

describe('a token', () => {
  test('opens the repositories it was made for, and hides the others', async () => {
    const octokit = client(await tokenFor(['goods']))
    expect((await octokit.rest.repos.get(repo)).data).toMatchObject({ full_name: 'tern/goods', private: true })
    await expect(octokit.rest.repos.get({ owner: 'tern', repo: 'secrets' })).rejects.toEqual(status(404))
    await expect(client().rest.repos.get(repo)).rejects.toEqual(status(404))
    await expect(octokit.rest.apps.getAuthenticated()).rejects.toEqual(status(401))
  })

  test('without contents reads no releases', async () => {
    const octokit = client(await tokenFor(['goods'], { metadata: 'read' }))
    await octokit.rest.repos.get(repo)
    await expect(octokit.rest.repos.listReleases(repo)).rejects.toEqual(status(403))
  })

  test('that nobody issued is refused', async () => {
    await expect(client('ghs_made_up').rest.repos.get(repo)).rejects.toEqual(status(401))
  })

  test('lasts an hour', async () => {
    const octokit = client(await tokenFor(['goods']))
    clock = 59 * MINUTE
    await octokit.rest.repos.get(repo)
    clock = 60 * MINUTE
    await expect(octokit.rest.repos.get(repo)).rejects.toEqual(status(401))
  })
})

describe('releases', () => {
  test('are found by tag, by id, as the latest and in pages, also under /api/v3', async () => {
    const octokit = client(await tokenFor(['goods']), `${github.url}/api/v3`)
    const { data } = await octokit.rest.repos.getReleaseByTag({ ...repo, tag: 'v1' })
    expect(data.assets.map(({ name }) => name)).toEqual(['field-guide.pdf', 'tools.zip'])
    expect((await octokit.rest.repos.getRelease({ ...repo, release_id: data.id })).data).toEqual(data)
    expect((await octokit.rest.repos.getLatestRelease(repo)).data.tag_name).toBe('v2')
    const tags = await octokit.paginate(octokit.rest.repos.listReleases, { ...repo, per_page: 1 })
    expect(tags.map(({ tag_name }) => tag_name)).toEqual(['v2', 'v1'])
    await expect(octokit.rest.repos.getReleaseByTag({ ...repo, tag: 'v9' })).rejects.toEqual(status(404))
  })

  test('say the digest and size of the bytes that are served', async () => {
    const octokit = client(await tokenFor(['goods']))
    const { data } = await octokit.rest.repos.getReleaseByTag({ ...repo, tag: 'v1' })
    for (const asset of data.assets) {
      const { data: bytes } = await octokit.rest.repos.getReleaseAsset({
        ...repo,
        asset_id: asset.id,
        headers: { accept: 'application/octet-stream' },
      })
      const arrived = Buffer.from(bytes as unknown as ArrayBuffer)
      expect(`sha256:${createHash('sha256').update(arrived).digest('hex')}`).toBe(asset.digest)
      expect(arrived.length).toBe(asset.size)
    }
  })

  test('take a new file in place of the old one, under a new id', async () => {
    const octokit = client(await tokenFor(['goods']))
    const asset = async () => (await octokit.rest.repos.getReleaseByTag({ ...repo, tag: 'v3' })).data.assets[0]
    const put = (text: string) =>
      fetch(`${github.url}/_test/releases`, {
        method: 'POST',
        body: JSON.stringify({ repository: 'tern/goods', tag: 'v3', file: 'a.txt', base64: btoa(text) }),
      })
    expect((await put('old')).status).toBe(201)
    const old = await asset()
    await put('newer')
    expect(await asset()).toMatchObject({ name: 'a.txt', size: 5 })
    expect((await asset())?.id).not.toBe(old?.id)
  })

  test('say in every answer how much of the limit is left to the installation, whichever of its tokens asks', async () => {
    const look = async () => (await client(await tokenFor(['goods'])).rest.repos.get(repo)).headers
    const before = Number((await look())['x-ratelimit-remaining'])
    const headers = await look()
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': String(before - 1) })
    expect(headers['x-github-request-id']).toMatch(/^[0-9A-F]{16}$/)
  })
})

describe('the address of a file', () => {
  test('gives the bytes to whoever has it, with name and kind', async () => {
    const answer = await fetch(await fileAddress())
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(BOOK)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-disposition': 'attachment; filename=field-guide.pdf',
      'content-length': String(BOOK.length),
      etag: `"${createHash('sha256').update(BOOK).digest('hex')}"`,
    })
  })

  test.each([
    ['bytes=0-3', 206, `bytes 0-3/${BOOK.length}`, '%PDF'],
    ['bytes=26-', 206, `bytes 26-30/${BOOK.length}`, 'terns'],
    ['bytes=-5', 206, `bytes 26-30/${BOOK.length}`, 'terns'],
    ['bytes=26-999', 206, `bytes 26-30/${BOOK.length}`, 'terns'],
    ['bytes=31-', 416, `bytes */${BOOK.length}`, ''],
    ['bytes=0-1,4-5', 200, null, new TextDecoder().decode(BOOK)],
  ])('answers %s with %i', async (range, code, contentRange, text) => {
    const answer = await fetch(await fileAddress(), { headers: { range } })
    expect([answer.status, answer.headers.get('content-range')]).toEqual([code, contentRange])
    expect(await answer.text()).toBe(text)
  })

  test('gives all of the file when the range was of another', async () => {
    const address = await fileAddress()
    const stale = await fetch(address, { headers: { range: 'bytes=0-3', 'if-range': '"old"' } })
    expect([stale.status, (await stale.arrayBuffer()).byteLength]).toEqual([200, BOOK.length])
    const head = await fetch(address, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(BOOK.length)])
  })

  test('gives a range of a file that lies on disk', async () => {
    const answer = await fetch(await fileAddress(1), { headers: { range: 'bytes=3-6' } })
    expect([answer.status, await answer.text()]).toEqual([206, 'tool'])
  })

  test('works for five minutes', async () => {
    const address = await fileAddress()
    clock = 5 * MINUTE - 2000
    expect((await fetch(address)).status).toBe(200)
    clock = 5 * MINUTE
    expect((await fetch(address)).status).toBe(403)
  })

  test('can be neither altered nor prolonged', async () => {
    const address = await fileAddress()
    const altered = [
      address.replace(/expires=(\d+)/, (_, seconds) => `expires=${Number(seconds) + 60}`),
      address.replace(/_files\/(\d+)/, (_, id) => `_files/${Number(id) + 1}`),
      address.replace(/signature=../, 'signature=zz'),
      address.replace(/signature=.*/, ''),
      address.replace(/\?.*/, ''),
    ]
    for (const url of altered) expect([url, (await fetch(url)).status]).toEqual([url, 403])
  })
})

describe('faults', () => {
  test('down: 502 to everything but the controls and the page', async () => {
    const token = await tokenFor(['goods'])
    const address = await fileAddress()
    await faults({ down: true })
    await expect(client(token).rest.repos.get(repo)).rejects.toEqual(status(502))
    expect((await fetch(address)).status).toBe(502)
    expect((await fetch(github.url)).status).toBe(200)
  })

  test('refuse: connections end without an answer', async () => {
    await faults({ refuse: true })
    await expect(fetch(`${github.url}/app`)).rejects.toThrow('fetch failed')
  })

  test('limit: 403 with the seconds to wait', async () => {
    const token = await tokenFor(['goods'])
    await faults({ limit: 7 })
    const error = await client(token)
      .rest.repos.get(repo)
      .catch((thrown) => thrown)
    expect([error.status, error.response.headers['retry-after']]).toEqual([403, '7'])
  })

  test('delayMs: every answer comes later', async () => {
    const token = await tokenFor(['goods'])
    await faults({ delayMs: 150 })
    const start = performance.now()
    await client(token).rest.repos.get(repo)
    expect(performance.now() - start).toBeGreaterThan(145)
  })

  test('a misspelt fault is refused', async () => {
    expect(await faults({ donw: true })).toMatchObject({ status: '422' })
  })
})

test('every request is kept, with its answer', async () => {
  await fetch(`${github.url}/repos/tern/goods?as=stranger`)
  const requests = (await (await fetch(`${github.url}/_test/requests`)).json()) as object[]
  expect(requests.at(-1)).toMatchObject({ method: 'GET', path: '/repos/tern/goods', status: 404 })
})

test('pages show repositories, releases, files and digests', async () => {
  expect(await (await fetch(github.url)).text()).toContain('href="/tern/goods/releases"')
  const page = await (await fetch(`${github.url}/tern/goods/releases`)).text()
  expect(page).toContain(`sha256:${createHash('sha256').update(BOOK).digest('hex')}`)
  expect(page).toContain('Nothing here is on github.com')
})

test('a taken port is an error', async () => {
  const port = Number(new URL(github.url).port)
  await expect(startGitHub({ app: { id: 1 }, releases: [], port })).rejects.toThrow('EADDRINUSE')
})

const newKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
