import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { HttpEnv } from '../context.ts'

/** The desk's cookies: the session, and the way to GitHub and back. */
const COOKIES = { session: 'tagsale-desk', signIn: 'tagsale-sign-in' } as const
type Name = keyof typeof COOKIES

/** Lax: Strict would not come back from GitHub with the browser. */
const COMMON = { path: '/', httpOnly: true, sameSite: 'Lax' } as const

/** With https, a name that no subdomain and no page without it can write: the browser holds that to be so. */
const isHttps = (c: Context<HttpEnv>): boolean => c.var.parts.config.SHOP_URL.startsWith('https:')

/** What one of the desk's cookies holds. */
export const readCookie = (c: Context<HttpEnv>, name: Name): string | undefined =>
  isHttps(c) ? getCookie(c, COOKIES[name], 'host') : getCookie(c, COOKIES[name])

/** Gives the browser one of them. Without `seconds` it goes when the browser is closed. */
export function giveCookie(c: Context<HttpEnv>, name: Name, value: string, seconds?: number): void {
  const age = seconds === undefined ? {} : { maxAge: seconds }
  if (isHttps(c)) setCookie(c, COOKIES[name], value, { ...COMMON, ...age, secure: true, prefix: 'host' })
  else setCookie(c, COOKIES[name], value, { ...COMMON, ...age })
}

/** Takes it from the browser. */
export function dropCookie(c: Context<HttpEnv>, name: Name): void {
  if (isHttps(c)) deleteCookie(c, COOKIES[name], { ...COMMON, secure: true, prefix: 'host' })
  else deleteCookie(c, COOKIES[name], COMMON)
}
