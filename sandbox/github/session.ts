import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'

/** The login of the person who is signed in on the stand-in's pages: the cookie `login`, which nothing protects here. */
export const signedInAs = (c: Context): string | undefined => getCookie(c, 'login') || undefined
