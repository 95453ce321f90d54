import { oneTimeLink } from '../../app/account/one-time-link.ts'
import type { TestShop } from './shop.ts'

type Ask = (address: string, init?: RequestInit) => Promise<Response>

/** A browser at a shop: it keeps cookies, and says of its forms where they were. */
export function browserAt(ask: Ask) {
  const cookies = new Map<string, string>()
  const go: Ask = async (address, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html', ...(cookie && { cookie }), ...(init.headers as Record<string, string>) }
    const answer = await ask(address, { ...init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value && !/max-age=0/i.test(line)) cookies.set(name, value)
      else cookies.delete(name)
    }
    return answer
  }
  const post = (address: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    go(address, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    })
  return { cookies, go, post }
}
export type Browser = ReturnType<typeof browserAt>

/** Begins to sign in: where GitHub is to be asked. */
export async function beginSignIn(browser: Browser, to?: string): Promise<URL> {
  const answer = await browser.go(`/desk/sign-in${to === undefined ? '' : `?${new URLSearchParams({ to })}`}`)
  return new URL(answer.headers.get('location') ?? '')
}

/** At GitHub's stand-in, agrees as this person. Gives where the browser is sent back to, from the shop's root. */
export async function agreeAs(login: string, at: URL): Promise<string> {
  const answer = await fetch(at, { method: 'POST', body: new URLSearchParams({ login }), redirect: 'manual' })
  const back = new URL(answer.headers.get('location') ?? '')
  return back.pathname + back.search
}

/** Signs in as this person at GitHub. Gives the last answer. */
export async function signIn(browser: Browser, login: string, to?: string): Promise<Response> {
  return browser.go(await agreeAs(login, await beginSignIn(browser, to)))
}

/** A browser that came in by a link of the server's. */
export async function browserByLink(shop: TestShop, ask: Ask): Promise<Browser> {
  const { config, now, random } = shop.parts
  const link = new URL(oneTimeLink(config, { now: now(), random }))
  const browser = browserAt(ask)
  await browser.go(link.pathname + link.search)
  return browser
}

/** Makes somebody's role in the shop's repository this one, at GitHub's stand-in. */
export const giveRole = (shop: TestShop, login: string, role: string): Promise<unknown> =>
  shop.github.control('roles', { repository: 'heron/shop', login, role })
