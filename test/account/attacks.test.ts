import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oneTimeLink } from '../../app/account/one-time-link.ts'
import { makeToken } from '../../app/account/token.ts'
import type { Config } from '../../app/config.ts'
import type { Parts } from '../../app/parts.ts'
import { type Requests, requestsTo } from '../http/open-api.ts'
import { agreeAs, type Browser, beginSignIn, browserAt, giveRole, signIn } from '../support/desk.ts'
import { catalogFiles } from '../support/repository.ts'
import { FIXTURE_CATALOG, openTestShop, type TestShop } from '../support/shop.ts'

// What somebody may try who wants to be at the desk and should not be, each with the answer it gets.

let shop: TestShop
let ask: Requests
let browser: Browser
beforeAll(async () => {
  shop = await openTestShop({ follow: { files: catalogFiles(FIXTURE_CATALOG) } })
  for (const [login, role] of Object.entries({ tia: 'triage', max: 'maintain', wim: 'write', ray: 'read' }))
    await giveRole(shop, login, role)
})
beforeEach(() => {
  ask = requestsTo(shop)
  browser = browserAt(ask)
})
afterAll(() => shop.close())

const COOKIE = 'tagsale-desk'
const people = async (one: Browser = browser) => (await one.go('/desk/people')).status
/** 303: sent away to sign in. */
const OUT = 303
const IN = 200
const signedIn = async (login: string) => {
  const one = browserAt(ask)
  expect((await signIn(one, login)).status).toBe(303)
  return one
}
const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } })
const tokenOf = async (role: 'triage' | 'write' | 'maintain', days = 30) =>
  (await makeToken(shop.parts, { name: `a ${role} script`, role, days, by: 'ada' })).text
const later = async <Result>(minutes: number, act: () => Promise<Result>) => {
  shop.clock.aheadSeconds += minutes * 60
  try {
    return await act()
  } finally {
    shop.clock.aheadSeconds -= minutes * 60
  }
}
/** The same shop, with other parts. */
const browserWith = (changes: Partial<Omit<Parts, 'config'>> & { config?: Partial<Config> }) =>
  browserAt(requestsTo(shop, changes))

describe('who signs in', () => {
  test.each([
    ['ada', 'maintain'],
    ['max', 'maintain'],
    ['wim', 'write'],
    ['tia', 'triage'],
  ])('%s gets the role %s, by the permission on the repository', async (login, role) => {
    const one = await signedIn(login)
    expect(await (await one.go('/desk/people')).text()).toContain(`${login}, ${role}`)
  })

  test.each(['ray', 'eve'])('%s, who may only read what everybody may read, stays out', async (login) => {
    const answer = await signIn(browser, login)
    expect([answer.status, browser.cookies.has(COOKIE)]).toEqual([403, false])
  })

  test('a member of the organisation without a role stays out: to belong is not to be allowed', async () => {
    await giveRole(shop, 'bob', 'none')
    expect((await signIn(browser, 'bob')).status).toBe(403)
    await giveRole(shop, 'bob', 'write')
  })

  test('who declines at GitHub is not signed in', async () => {
    const at = await beginSignIn(browser)
    const answer = await fetch(at, { method: 'POST', body: new URLSearchParams({ cancel: '1' }), redirect: 'manual' })
    const back = new URL(answer.headers.get('location') ?? '')
    expect((await browser.go(back.pathname + back.search)).status).toBe(403)
    expect(browser.cookies.size).toBe(0)
  })

  test('a login that is another account’s by now gets nothing', async () => {
    const answer = async () => ({ data: { permission: 'admin', role_name: 'admin', user: { id: 1, login: 'ada' } } })
    const octokit = { rest: { repos: { getCollaboratorPermissionLevel: answer } } }
    const forRepository = async (name: string) => ({ name, octokit, names: { owner: 'heron', repo: 'shop' } })
    const renamed = { ...shop.parts.githubApp, forRepository } as unknown as Parts['githubApp']
    expect((await signIn(browserWith({ githubApp: renamed }), 'ada')).status).toBe(403)
  })
})

describe('the way to GitHub and back', () => {
  test('asks for nothing but who it is, with state and PKCE, back to one address', async () => {
    const { origin, pathname, searchParams } = await beginSignIn(browser)
    expect(origin + pathname).toBe(`${shop.github.url}/login/oauth/authorize`)
    const asked = Object.fromEntries(searchParams)
    expect(Object.keys(asked).toSorted()).toEqual(
      ['client_id', 'code_challenge', 'code_challenge_method', 'redirect_uri', 'state'].toSorted(),
    )
    expect(asked).toMatchObject({
      code_challenge_method: 'S256',
      redirect_uri: `${shop.url}/desk/sign-in/callback`,
    })
  })

  const callback = async (change: (back: URLSearchParams) => void, one = browser) => {
    const back = new URL(await agreeAs('ada', await beginSignIn(one)), shop.url)
    change(back.searchParams)
    return one.go(back.pathname + back.search)
  }
  test.each<[string, (back: URLSearchParams) => void]>([
    ['without state', (back) => back.delete('state')],
    ['with a state of one’s own', (back) => back.set('state', `9999999999.${'A'.repeat(43)}`)],
    ['with a state that lasts longer', (back) => back.set('state', `9${back.get('state')}`)],
    ['with half a state', (back) => back.set('state', back.get('state')?.slice(0, 20) ?? '')],
    ['without a code', (back) => back.delete('code')],
    ['with a code of one’s own', (back) => back.set('code', 'a'.repeat(20))],
    ['with a code that is an address', (back) => back.set('code', '../../user?')],
  ])('%s, nobody comes in', async (_, change) => {
    expect((await callback(change)).status).toBe(403)
    expect(browser.cookies.size).toBe(0)
  })

  test('a link with somebody else’s code and state, in a browser that began nothing, does nothing (login CSRF)', async () => {
    const back = await agreeAs('ada', await beginSignIn(browser))
    const victim = browserAt(ask)
    expect((await victim.go(back)).status).toBe(403)
    expect(victim.cookies.size).toBe(0)
  })

  test('nor in a browser that began another sign-in', async () => {
    const back = await agreeAs('ada', await beginSignIn(browser))
    const victim = browserAt(ask)
    await beginSignIn(victim)
    expect((await victim.go(back)).status).toBe(403)
  })

  test('a code that was stolen on its way is worth nothing without the browser: PKCE', async () => {
    const code = new URL(await agreeAs('ada', await beginSignIn(browser)), shop.url).searchParams.get('code') ?? ''
    const thief = browserAt(ask)
    const own = new URL(await agreeAs('eve', await beginSignIn(thief)), shop.url)
    own.searchParams.set('code', code)
    expect((await thief.go(own.pathname + own.search)).status).toBe(403)
    expect(thief.cookies.size).toBe(0)
  })

  test('the same way back does not work twice', async () => {
    const back = await agreeAs('ada', await beginSignIn(browser))
    const cookies = new Map(browser.cookies)
    expect((await browser.go(back)).status).toBe(303)
    const again = browserAt(ask)
    for (const [name, value] of cookies) again.cookies.set(name, value)
    expect((await again.go(back)).status).toBe(403)
  })

  test('nor after ten minutes', async () => {
    const back = await agreeAs('ada', await beginSignIn(browser))
    expect(await later(10, async () => (await browser.go(back)).status)).toBe(403)
  })

  test.each([
    'https://evil.example/',
    '//evil.example/desk',
    '/desk//evil.example',
    '/\\evil.example',
    '/desk/../orders',
    '/desk@evil.example',
    'javascript:alert(1)',
    `/desk/${'a'.repeat(600)}`,
    '/desk\r\nset-cookie: a=b',
  ])('after it, a browser does not go to %j', async (to) => {
    const answer = await signIn(browser, 'ada', to)
    const [location, end] = [
      answer.headers.get('location') ?? '',
      new URL(answer.headers.get('location') ?? '', shop.url),
    ]
    expect(location).toMatch(/^\/desk(\/|$)/)
    expect(end.host).toBe(new URL(shop.url).host)
  })
  test('but to the page of the desk that it came from', async () => {
    const sent = await browser.go('/desk/access?before=2026')
    expect(sent.headers.get('location')).toBe('/desk/sign-in?to=%2Fdesk%2Faccess%3Fbefore%3D2026')
    expect((await signIn(browser, 'ada', '/desk/access?before=2026')).headers.get('location')).toBe(
      '/desk/access?before=2026',
    )
  })

  test('GitHub’s token of a person is taken back at once, and kept nowhere', async () => {
    await signedIn('ada')
    const asked = (await shop.github.requests()).slice(-20)
    const taken = asked.filter(({ method, path }) => method === 'DELETE' && /^\/applications\/[^/]+\/token$/.test(path))
    expect(taken.map(({ status }) => status)).toContain(204)
    expect(JSON.stringify(await shop.store.credentials(shop.parts.now()))).not.toContain('ghu_')
    expect(shop.logged.join('\n')).not.toMatch(/ghu_|ghr_/)
  })

  test('a wrong client secret is the shop’s fault, and says so', async () => {
    const answer = await signIn(browserWith({ config: { GITHUB_CLIENT_SECRET: 'x'.repeat(40) } }), 'ada')
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('not set up right')])
  })

  test('while GitHub is away, nobody comes in, and nobody is blamed', async () => {
    const back = await agreeAs('ada', await beginSignIn(browser))
    await shop.github.control('faults', { down: true })
    const answer = await browser.go(back)
    await shop.github.control('faults', {})
    expect([answer.status, browser.cookies.size]).toEqual([502, 0])
  })
})

describe('sessions', () => {
  test('their cookie is for this host alone, not for scripts, and not sent along from other sites', async () => {
    const https = browserWith({ config: { SHOP_URL: 'https://shop.example.org' } })
    const begun = await https.go('/desk/sign-in')
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-tagsale-sign-in=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    const link = oneTimeLink(shop.parts.config, { now: shop.parts.now(), random: shop.parts.random })
    const entered = await https.go(new URL(link).pathname + new URL(link).search)
    expect(entered.headers.getSetCookie().join()).toMatch(
      /^__Host-tagsale-desk=[\w.-]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  test('with https, a cookie of the plain name is nobody', async () => {
    const one = await signedIn('ada')
    const https = browserWith({ config: { SHOP_URL: 'https://shop.example.org' } })
    https.cookies.set(COOKIE, one.cookies.get(COOKIE) ?? '')
    expect(await people(https)).toBe(OUT)
  })

  test('one that was prepared for the browser is not the one that is used: fixation', async () => {
    const prepared = (await signedIn('wim')).cookies.get(COOKIE) ?? ''
    browser.cookies.set(COOKIE, prepared)
    await signIn(browser, 'ada')
    expect(browser.cookies.get(COOKIE)).not.toBe(prepared)
    const attacker = browserAt(ask)
    attacker.cookies.set(COOKIE, prepared)
    expect(await people(attacker)).toBe(OUT)
  })

  test.each<[string, (cookie: string) => string]>([
    ['nothing', () => ''],
    ['an id without its secret', (cookie) => cookie.split('.')[0] ?? ''],
    ['an id with another secret', (cookie) => `${cookie.split('.')[0]}.${'A'.repeat(43)}`],
    ['another id', (cookie) => `${'0'.repeat(16)}.${cookie.split('.')[1]}`],
    ['a quote and a semicolon', (cookie) => `${cookie}'--`],
    ['ten thousand letters', () => 'a'.repeat(10_000)],
  ])('a cookie with %s is nobody', async (_, change) => {
    const cookie = (await signedIn('ada')).cookies.get(COOKIE) ?? ''
    browser.cookies.set(COOKIE, change(cookie))
    expect(await people()).toBe(OUT)
  })

  test('what lies in the store lets nobody in', async () => {
    await signedIn('ada')
    for (const { id, hash } of await shop.store.credentials(shop.parts.now())) {
      browser.cookies.set(COOKIE, `${id}.${hash.slice(0, 43)}`)
      expect(await people()).toBe(OUT)
    }
  })

  test('after signing out, its cookie is nobody, wherever it was copied to', async () => {
    const one = await signedIn('ada')
    const copied = one.cookies.get(COOKIE) ?? ''
    expect((await one.post('/desk/sign-out', {})).status).toBe(303)
    expect(one.cookies.has(COOKIE)).toBe(false)
    browser.cookies.set(COOKIE, copied)
    expect(await people()).toBe(OUT)
  })

  test('ends three days after its last use, and two weeks after it began', async () => {
    const one = await signedIn('ada')
    const day = 24 * 60
    expect(await later(3 * day, () => people(one))).toBe(OUT)
    const [used] = [await signedIn('ada')]
    for (let days = 2; days < 14; days += 2) expect(await later(days * day, () => people(used))).toBe(IN)
    expect(await later(14 * day, () => people(used))).toBe(OUT)
  })

  test('has another secret each hour; the old one is worth nothing once the new one was shown', async () => {
    const one = await signedIn('ada')
    const old = one.cookies.get(COOKIE) ?? ''
    expect(await later(60, () => people(one))).toBe(IN)
    expect(one.cookies.get(COOKIE)).not.toBe(old)
    expect(await later(62, () => people(one))).toBe(IN)
    browser.cookies.set(COOKIE, old)
    expect(await later(62, () => people())).toBe(OUT)
    expect(await later(62, () => people(one))).toBe(IN)
  })

  test('of requests that cross when the secret changes, each is answered, and the browser stays in', async () => {
    const one = await signedIn('ada')
    const statuses = await later(60, () => Promise.all([1, 2, 3, 4, 5].map(() => people(one))))
    expect(statuses).toEqual([IN, IN, IN, IN, IN])
    expect(await later(70, () => people(one))).toBe(IN)
  })

  test('a browser that never got the new secret gets another', async () => {
    const one = await signedIn('ada')
    const old = one.cookies.get(COOKIE) ?? ''
    await later(60, () => people(one))
    one.cookies.set(COOKIE, old)
    expect(await later(65, () => people(one))).toBe(IN)
    expect(one.cookies.get(COOKIE)).not.toBe(old)
    expect(await later(67, () => people(one))).toBe(IN)
  })
})

describe('a role that was taken away', () => {
  test('is gone within five minutes, and the session with it', async () => {
    await giveRole(shop, 'ben', 'maintain')
    const one = await signedIn('ben')
    await giveRole(shop, 'ben', 'none')
    expect(await later(4, () => people(one))).toBe(IN)
    expect(await later(5, () => people(one))).toBe(OUT)
    await giveRole(shop, 'ben', 'maintain')
    expect(await later(5, () => people(one))).toBe(OUT)
  })

  test('a smaller one counts within five minutes', async () => {
    await giveRole(shop, 'ben', 'maintain')
    const one = await signedIn('ben')
    await giveRole(shop, 'ben', 'triage')
    const log = async () => (await one.go('/desk/access')).status
    expect([await later(4, log), await later(5, log)]).toEqual([IN, 403])
  })

  test('GitHub’s being away stretches that to half an hour, and no longer', async () => {
    const one = await signedIn('ada')
    await shop.github.control('faults', { down: true })
    expect(await later(29, () => people(one))).toBe(IN)
    expect(await later(30, () => people(one))).toBe(503)
    await shop.github.control('faults', {})
    expect(await later(30, () => people(one))).toBe(IN)
  })
})

describe('tokens', () => {
  const asked = async (text: string) => (await ask('/desk/people', bearer(text))).status

  test('without one, software is told how to come in, and nothing else', async () => {
    const answer = await ask('/desk/people', { headers: { accept: 'application/json' } })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="desk"'])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('a wrong one is refused in words that tell nothing of what there is', async () => {
    const good = await tokenOf('write')
    const said = async (text: string) => {
      const answer = await ask('/desk/people', bearer(text))
      const { instance: _, ...body } = (await answer.json()) as Record<string, unknown>
      return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body }
    }
    const [unknown, known] = [
      await said(`tagsale_${'0'.repeat(16)}_${'A'.repeat(43)}`),
      await said(good.slice(0, -43) + 'A'.repeat(43)),
    ]
    expect(known).toEqual(unknown)
    expect(known).toMatchObject({ status: 401, challenge: 'Bearer realm="desk", error="invalid_token"' })
  })

  test('one that is over is refused', async () => {
    const text = await tokenOf('write', 1)
    expect(await asked(text)).toBe(IN)
    expect(await later(24 * 60, () => asked(text))).toBe(401)
  })

  test('one that was revoked is refused at once', async () => {
    const text = await tokenOf('write')
    const one = await signedIn('ada')
    expect((await one.post('/desk/people', { action: 'end', id: text.slice(8, 24) })).status).toBe(303)
    expect(await asked(text)).toBe(401)
  })

  test('as a cookie it is nobody, and a cookie is no token', async () => {
    browser.cookies.set(COOKIE, await tokenOf('maintain'))
    expect(await people()).toBe(OUT)
    expect(await asked((await signedIn('ada')).cookies.get(COOKIE) ?? '')).toBe(401)
  })

  test('in an address, or with another word before it, it counts for nothing', async () => {
    const text = await tokenOf('maintain')
    expect((await ask(`/desk/people?access_token=${text}`)).status).toBe(401)
    expect((await ask('/desk/people', { headers: { authorization: `Basic ${text}` } })).status).toBe(401)
  })

  test('a wrong one beside a good cookie is refused: nothing falls back', async () => {
    const one = await signedIn('ada')
    expect((await one.go('/desk/people', bearer('tagsale_x'))).status).toBe(401)
  })

  test('it makes no other token', async () => {
    const fields = { action: 'make', name: 'another', role: 'maintain', days: '30' }
    const init = { method: 'POST', body: new URLSearchParams(fields), ...bearer(await tokenOf('maintain')) }
    expect((await ask('/desk/people', init)).status).toBe(403)
  })

  test('who may only write makes none, and ends nobody else’s session', async () => {
    const wim = await signedIn('wim')
    const made = await wim.post('/desk/people', { action: 'make', name: 'mine', role: 'maintain', days: '30' })
    expect(made.status).toBe(403)
    const ada = await signedIn('ada')
    const id = ada.cookies.get(COOKIE)?.split('.')[0] ?? ''
    await wim.post('/desk/people', { action: 'end', id })
    expect(await people(ada)).toBe(IN)
    expect(await (await wim.go('/desk/people')).text()).not.toContain(id)
  })

  test.each<[string, Record<string, string>]>([
    ['a name with a line in it', { name: 'a\nb', role: 'write', days: '1' }],
    ['a role that there is not', { name: 'a', role: 'admin', days: '1' }],
    ['no end', { name: 'a', role: 'write', days: '100000' }],
  ])('none is made with %s', async (_, fields) => {
    const one = await signedIn('ada')
    expect((await one.post('/desk/people', { action: 'make', ...fields })).status).toBe(422)
  })

  test('one that was made is shown once, and works', async () => {
    const one = await signedIn('ada')
    const answer = await one.post('/desk/people', { action: 'make', name: 'the export', role: 'write', days: '1' })
    const [text = ''] = /tagsale_[0-9a-f]{16}_[\w-]{43}/.exec(await answer.text()) ?? []
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await asked(text)).toBe(IN)
    const page = await (await one.go('/desk/people')).text()
    expect(page).toContain('the export')
    expect(page).not.toContain(text.slice(-43))
  })

  test('who tries many has to wait', async () => {
    const statuses: number[] = []
    for (let tries = 0; tries < 22; tries++) statuses.push(await asked(`tagsale_${tries}`))
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429])
  })
})

describe('forms of other sites', () => {
  test.each<[string, Record<string, string>]>([
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a subdomain', { 'sec-fetch-site': 'same-site' }],
    ['from another origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
    ['from nowhere', { 'sec-fetch-site': '', origin: 'null' }],
  ])('%s change nothing, though the browser is signed in', async (_, headers) => {
    const one = await signedIn('ada')
    const fields = { action: 'make', name: 'evil', role: 'maintain', days: '30' }
    expect((await one.post('/desk/people', fields, headers)).status).toBe(403)
    expect((await one.post('/desk/sign-out', {}, headers)).status).toBe(403)
    expect((await one.post('/desk/repository', { repository: 'eve/shop' }, headers)).status).toBe(403)
    expect(await people(one)).toBe(IN)
    const names = (await shop.store.credentials(shop.parts.now())).map(({ name }) => name)
    expect(names).not.toContain('evil')
  })

  test('no page of another site gets an answer of ours to read', async () => {
    const one = await signedIn('ada')
    const answer = await one.go('/desk/people', { headers: { origin: 'https://evil.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })
})

describe('the link that works once', () => {
  const link = () => {
    const { pathname, search } = new URL(
      oneTimeLink(shop.parts.config, { now: shop.parts.now(), random: shop.parts.random }),
    )
    return pathname + search
  }

  test('works once, however many come at once', async () => {
    const address = link()
    const browsers = Array.from({ length: 10 }, () => browserAt(ask))
    const statuses = await Promise.all(browsers.map(async (one) => (await one.go(address)).status))
    expect(statuses.filter((status) => status === 303)).toHaveLength(1)
    expect(statuses.filter((status) => status === 403)).toHaveLength(9)
  })

  test('not after an hour', async () => {
    const address = link()
    expect(await later(60, async () => (await browser.go(address)).status)).toBe(403)
  })

  test('nor with another end, another id or another shop’s secret', async () => {
    const address = link()
    const [id = '', ends = '', proof = ''] = new URL(address, shop.url).searchParams.get('code')?.split('.') ?? []
    for (const code of [`${id}.9${ends}.${proof}`, `${'0'.repeat(16)}.${ends}.${proof}`, `${id}.${ends}.`, 'x'])
      expect((await browser.go(`/desk/sign-in?code=${code}`)).status).toBe(403)
    const other = browserWith({ config: { LINK_SECRET: 'another secret of thirty-two letters' } })
    expect((await other.go(address)).status).toBe(403)
    expect((await browser.go(address)).status).toBe(303)
  })

  test('its session ends the same day', async () => {
    await browser.go(link())
    expect(await later(11 * 60, () => people())).toBe(IN)
    expect(await later(12 * 60, () => people())).toBe(OUT)
  })

  test('the key of earlier versions opens nothing', async () => {
    const answer = await browser.go(`/desk?key=${'a'.repeat(43)}`)
    expect(await answer.text()).toContain('Sign in with GitHub')
  })
})

describe('what is written down', () => {
  test('who signed in and who made which token, and nothing that opens anything', async () => {
    const one = await signedIn('ada')
    await one.post('/desk/people', { action: 'make', name: 'for the log', role: 'triage', days: '1' })
    const page = await (await one.go('/desk/access')).text()
    expect(page).toMatch(/ada<\/strong>\s*<code>token\.made<\/code>/)
    expect(page).toContain('for the log (triage)')
    expect(page).toContain('signed-in')
    expect(page).not.toMatch(/tagsale_[0-9a-f]{16}/)
    expect(await (await signedIn('wim')).go('/desk/access')).toMatchObject({ status: 403 })
  })

  test('the log of the server holds no code, no cookie and no token', async () => {
    const one = await signedIn('ada')
    const logged = shop.logged.join('\n')
    for (const value of one.cookies.values()) expect(logged).not.toContain(value.slice(-43))
    expect(logged).not.toMatch(/code=|state=/)
  })
})
