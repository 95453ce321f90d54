import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectGitHub } from '../../app/github/client.ts'
import { openListener } from '../../app/http/server.ts'
import { createLog } from '../../app/log.ts'
import { runSetup } from '../../app/setup/setup.ts'
import { startGitHub } from '../../sandbox/github.ts'
import { anyPort } from '../support/port.ts'

let setup: Awaited<ReturnType<typeof openSetup>>
beforeEach(async () => {
  setup = await openSetup()
})
afterEach(() => setup.close())

/** A setup as it runs before a shop's first start, against the stand-in for GitHub, and a browser without scripts. */
async function openSetup() {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-setup-'))
  const port = await anyPort()
  const github = await startGitHub({
    releases: [{ repository: 'heron/goods', tag: 'v1', file: 'a', bytes: Buffer.from('a') }],
  })
  const url = `http://127.0.0.1:${port}`
  const said: string[] = []
  const logged: string[] = []
  const clock = { aheadMinutes: 0 }
  const settings = { SHOP_URL: url, PORT: port, HOST: '127.0.0.1', GITHUB_API_URL: github.url, GITHUB_URL: github.url }
  const envFile = join(folder, '.env')
  const stopping = new AbortController()
  const listener = await openListener(settings, () => new Response('nothing yet', { status: 503 }))
  const credentials = runSetup({
    listener,
    signal: stopping.signal,
    settings,
    envFile,
    say: (line) => said.push(line),
    random: randomBytes,
    now: () => new Date(Date.now() + clock.aheadMinutes * 60_000),
    log: createLog({ LOG_LEVEL: 'debug' }, { write: (line) => void logged.push(line) }),
  })
  while (said.length === 0) await new Promise((done) => setTimeout(done, 5))
  const code = /enter this code: (\S+)$/.exec(said[0] ?? '')?.[1] ?? ''
  let cookie = ''
  const browse = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { redirect: 'manual', ...init, headers: { origin: url, cookie, ...init.headers } })
  const post = (path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    browse(path, { method: 'POST', body: new URLSearchParams(form), headers })
  return {
    ...{ url, github, folder, envFile, said, logged, clock, code, credentials, listener, browse, post },
    async enter() {
      const answer = await post('/setup/enter', { code })
      cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
      return answer
    },
    forgetCookie: () => (cookie = ''),
    /** Presses GitHub's button, and gives the path that the browser is sent back to. */
    async confirm() {
      const { action, manifest } = await this.form()
      const { name } = JSON.parse(manifest)
      const answer = await fetch(action, {
        method: 'POST',
        body: new URLSearchParams({ manifest, name }),
        redirect: 'manual',
      })
      return (answer.headers.get('location') ?? '').replace(url, '')
    },
    /** The form that goes to GitHub: where, with which manifest. */
    async form(query = 'account=organisation&organisation=heron') {
      const page = await (await browse(`/setup/register?${query}`)).text()
      const action = unescapeHtml(/<form method="post" action="([^"]+)"/.exec(page)?.[1] ?? '')
      return { page, action, manifest: unescapeHtml(/name="manifest" value="([^"]+)"/.exec(page)?.[1] ?? '') }
    },
    async close() {
      stopping.abort(new Error('the test is over'))
      await credentials.catch(() => {})
      await listener.close(1)
      await github.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const unescapeHtml = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

describe('when GitHub has registered the App', () => {
  test('its credentials are written beside what was there, shown to nobody, and the shop goes on', async () => {
    await writeFile(setup.envFile, 'PORT=3000\nGITHUB_APP_ID=\n# kept\n', { mode: 0o644 })
    await setup.enter()
    const way = await setup.confirm()
    const answer = await setup.browse(way)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/setup'])
    const page = await (await setup.browse('/setup')).text()
    const given = await setup.credentials

    const text = await readFile(setup.envFile, 'utf8')
    expect(parseEnv(text)).toEqual({ PORT: '3000', ...given })
    expect(text).toContain('# kept')
    expect((await stat(setup.envFile)).mode & 0o777).toBe(0o600)
    const name = /127-0-0-1-[0-9a-f]{4}/.exec(page)?.[0]
    expect(page).toContain(`href="${setup.github.url}/apps/${name}/installations/new"`)
    const everywhere = [page, ...setup.said, ...setup.logged].join('\n')
    for (const secret of [
      given.GITHUB_PRIVATE_KEY,
      given.GITHUB_WEBHOOK_SECRET,
      given.GITHUB_CLIENT_SECRET,
      new URL(way, setup.url).searchParams.get('code'),
    ])
      expect(everywhere).not.toContain(secret)
  })

  test('somebody answers until the shop does', async () => {
    await setup.enter()
    await setup.browse(await setup.confirm())
    await setup.browse('/setup')
    await setup.credentials
    expect(await (await setup.browse('/setup')).text()).toContain('The shop is starting now')
    setup.listener.answerWith(() => new Response('the shop'))
    expect(await (await fetch(setup.url)).text()).toBe('the shop')
  })

  test('the credentials are good: GitHub answers to them', async () => {
    await setup.enter()
    await setup.browse(await setup.confirm())
    await setup.browse('/setup')
    const { GITHUB_APP_ID, GITHUB_PRIVATE_KEY } = await setup.credentials
    const { githubApp } = await connectGitHub({
      appId: Number(GITHUB_APP_ID),
      privateKey: Buffer.from(GITHUB_PRIVATE_KEY, 'base64').toString('utf8'),
      baseUrl: setup.github.url,
      log: createLog({ LOG_LEVEL: 'silent' }),
    })
    const { data } = await githubApp.asApp.rest.apps.getAuthenticated()
    expect(data).toMatchObject({ id: Number(GITHUB_APP_ID), permissions: { contents: 'write', checks: 'write' } })
    const hook = await githubApp.asApp.request('GET /app/hook/config')
    expect(hook.data).toMatchObject({ url: `${setup.url}/webhooks/github`, content_type: 'json', insecure_ssl: '0' })
  })

  test('where they can not be written they are shown once more until they are copied, and the shop waits', async () => {
    await mkdir(setup.envFile) // a folder can't be replaced by a file, whoever tries
    await setup.enter()
    expect((await setup.browse(await setup.confirm())).status).toBe(303)
    const page = await (await setup.browse('/setup')).text()
    const shown = parseEnv(/<pre[^>]*>([^<]*)<\/pre>/.exec(page)?.[1] ?? '')
    expect(Object.keys(shown).toSorted()).toEqual(
      ['APP_ID', 'CLIENT_ID', 'CLIENT_SECRET', 'PRIVATE_KEY', 'WEBHOOK_SECRET'].map((name) => `GITHUB_${name}`),
    )
    expect((await setup.browse('/setup/github/callback?code=a&state=b')).headers.get('location')).toBe('/setup')
    expect(setup.logged.join('')).not.toContain(shown.GITHUB_WEBHOOK_SECRET)
    expect((await setup.post('/setup/copied')).status).toBe(303)
    expect(await (await setup.browse('/setup')).text()).toContain('is registered')
    expect(await setup.credentials).toEqual(shown)
  })

  test('a browser that never comes back for the last page holds nothing up', async () => {
    await setup.enter()
    await setup.browse(await setup.confirm())
    expect(await setup.credentials).toHaveProperty('GITHUB_APP_ID')
  }, 40_000)

  test('a way back works once, and only in the browser with the cookie', async () => {
    await setup.enter()
    const way = await setup.confirm()
    setup.forgetCookie()
    expect((await setup.browse(way)).status).toBe(403)
    await expect(readFile(setup.envFile)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('who may set the shop up', () => {
  test('the terminal tells the address and the code, and no log does', async () => {
    expect(setup.said).toEqual([
      `The shop has no GitHub App yet. Open ${setup.url}/setup and enter this code: ${setup.code}`,
    ])
    await setup.enter()
    expect(setup.logged.join('')).not.toContain(setup.code)
  })

  test('without the code there is its page, and nothing else', async () => {
    const page = await setup.browse('/setup')
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<form method="post" action="/setup/enter">')
    const statuses = await Promise.all(
      ['/api/v1/checkouts', '/setup/register', '/setup/github/callback?code=a&state=b', '/setup/no'].map(
        async (path) => (await setup.browse(path)).status,
      ),
    )
    expect(statuses).toEqual([404, 403, 403, 403])
    expect((await setup.post('/setup/copied')).status).toBe(403)
    expect((await setup.post('/webhooks/github')).status).toBe(404)
  })

  test('whoever comes to the shop is sent to the setup, and probes find a process that lives', async () => {
    const home = await setup.browse('/')
    expect([home.status, home.headers.get('location')]).toEqual([302, '/setup'])
    expect((await setup.browse('/healthz')).status).toBe(200)
    const ready = await setup.browse('/readyz')
    expect([ready.status, await ready.text()]).toEqual([200, 'ready; the shop is not set up yet'])
  })

  test('the code is exchanged for a cookie that scripts and other sites do not get', async () => {
    const answer = await setup.enter()
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/setup'])
    expect(answer.headers.get('set-cookie')).toMatch(/^tagsale-setup=[\w-]{43}; Path=\/setup; HttpOnly; SameSite=Lax$/)
    expect(await (await setup.browse('/setup')).text()).toContain('Whose is the shop?')
    setup.forgetCookie()
    expect(await (await setup.browse('/setup')).text()).toContain('Enter the code')
    const again = await setup.post('/setup/enter', { code: setup.code })
    expect([again.status, again.headers.get('set-cookie')]).toEqual([403, null])
  })

  test('wrong codes: a few a minute', async () => {
    const statuses: number[] = []
    for (let guess = 0; guess < 6; guess += 1)
      statuses.push((await setup.post('/setup/enter', { code: 'AAAA' })).status)
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429])
    expect((await setup.enter()).status).toBe(303)
  })

  test('a form of another site, and one that is too large, are refused', async () => {
    const elsewhere = await setup.post('/setup/enter', { code: setup.code }, { origin: 'https://evil.example' })
    expect(elsewhere.status).toBe(403)
    expect((await setup.post('/setup/enter', { code: 'A'.repeat(5000) })).status).toBe(403)
    expect((await setup.enter()).status).toBe(303)
  })

  test('pages run nothing, and lead nowhere but here and to GitHub', async () => {
    const { headers } = await setup.browse('/setup')
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'self'; img-src data:; form-action 'self' ${setup.github.url}; frame-ancestors 'none'; base-uri 'none'`,
    )
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await setup.browse('/setup/style.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
  })
})

describe('the form that goes to GitHub', () => {
  test('carries the manifest, and a state', async () => {
    await setup.enter()
    const { action, manifest } = await setup.form()
    expect(action).toMatch(new RegExp(`^${setup.github.url}/organizations/heron/settings/apps/new\\?state=[\\w-]{43}$`))
    expect(JSON.parse(manifest)).toMatchObject({
      name: expect.stringMatching(/^127-0-0-1-[0-9a-f]{4}$/),
      redirect_url: `${setup.url}/setup/github/callback`,
      default_permissions: { contents: 'write', metadata: 'read' },
    })
    expect((await setup.form('account=personal')).action).toMatch(/^http:[^?]*\d\/settings\/apps\/new\?state=/)
  })

  test.each(['', 'a/b', '../x', '-a', 'a--b', '"><script>', 'a'.repeat(40)])(
    'no organisation is called "%s"',
    async (name) => {
      await setup.enter()
      const query = new URLSearchParams({ account: 'organisation', organisation: name })
      const answer = await setup.browse(`/setup/register?${query}`)
      expect(answer.status).toBe(422)
      expect(await answer.text()).not.toContain('<script>')
    },
  )
})

describe('the way back from GitHub', () => {
  const back = (state: string, code = 'some-code') => setup.browse(`/setup/github/callback?code=${code}&state=${state}`)
  const newState = async () => new URL((await setup.form()).action).searchParams.get('state') ?? ''

  test('with a state that is not ours, or is old, goes nowhere', async () => {
    await setup.enter()
    expect((await back('made-up')).status).toBe(403)
    const state = await newState()
    setup.clock.aheadMinutes = 61
    expect((await back(state)).status).toBe(403)
  })

  test('with a code that GitHub does not know says so; the state is used up, and no log has the code', async () => {
    await setup.enter()
    const state = await newState()
    const answer = await back(state, 'no-such-code')
    expect(answer.status).toBe(502)
    expect(await answer.text()).toContain('GitHub does not know the code (any more)')
    expect((await back(state)).status).toBe(403)
    expect(setup.logged.join('')).not.toContain('no-such-code')
    expect(setup.said).toHaveLength(1)
  })
})
