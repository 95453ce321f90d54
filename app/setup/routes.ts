import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import type { Logger } from 'pino'
import type { Config, GitHubCredentials } from '../config.ts'
import type { Listener } from '../http/server.ts'
import type { Random } from '../order/id.ts'
import { writeSettings } from './env-file.ts'
import { ExchangeError, exchangeCode, type RegisteredApp } from './exchange.ts'
import type { Guard } from './guard.ts'
import { type AppDeclaration, manifestFor } from './manifest.ts'
import { STYLE_PATH } from './page.ts'
import { type Account, accountPage, codePage, copyPage, installPage, manifestPage, refusedPage } from './steps.ts'

const BODY_BYTES_MAX = 4096
const COOKIE = 'tagsale-setup'
const ORGANISATION = /^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,38}$/i
const CODE = /^[\w-]{1,200}$/

export type SetupOptions = {
  settings: Pick<Config, 'SHOP_URL' | 'GITHUB_API_URL' | 'GITHUB_URL'>
  /** Where the pages are shown. */
  listener: Pick<Listener, 'answerWith'>
  /** Where the credentials are written, if that can be. */
  envFile: string
  /** Tells whoever started the shop; the code goes there and nowhere else. */
  say: (line: string) => void
  random: Random
  now: () => Date
  log: Logger
  /** Ends the setup before its time; the promise then rejects with the signal's reason. */
  signal?: AbortSignal
}

type SetupParts = Pick<SetupOptions, 'settings' | 'envFile' | 'log'> & {
  guard: Guard
  declaration: AppDeclaration
  name: string
  style: string
  /** Told when the credentials are there and kept. */
  onKept: (credentials: GitHubCredentials) => void
  /** Told when the last page is on its way. */
  onShown: () => void
}

/** How far it has come: the App is registered, and its credentials are kept. */
type Progress = { registered?: RegisteredApp; kept: boolean }

/** The pages of the setup. All but the code's are for the one browser that the code was entered in. */
export function setupRoutes(parts: SetupParts): Hono {
  const app = new Hono()
  app.use(headers(parts.settings), bodyLimit({ maxSize: BODY_BYTES_MAX }))
  app.use(csrf({ origin: new URL(parts.settings.SHOP_URL).origin }))
  app.notFound((c) =>
    c.html(refusedPage('Nothing here yet', 'The shop is not set up. Its maintainers can do that.'), 404),
  )
  app.onError((error, c) => {
    if ('getResponse' in error) return forbidden(c) // the middleware's: from elsewhere, or too large
    parts.log.error({ err: error }, 'the setup page failed')
    return c.html(refusedPage('Our mistake', 'Something went wrong here; the log says what.'), 500)
  })
  app.get(STYLE_PATH, (c) => c.body(parts.style, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/', (c) => c.redirect('/setup'))
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', (c) => c.text('ready; the shop is not set up yet')) // so that GitHub's way back reaches it
  const progress: Progress = { kept: false }
  codeRoutes(app, parts)
  app.get('/setup', (c) => c.html(isEntered(c, parts) ? currentPage(parts, progress) : codePage()))
  app.use('/setup/*', async (c, next) => (isEntered(c, parts) ? next() : forbidden(c)))
  registerRoutes(app, parts)
  wayBackRoutes(app, parts, progress)
  return app
}

const isEntered = (c: Context, { guard }: SetupParts) => guard.isEntered(getCookie(c, COOKIE))

function forbidden(c: Context) {
  return c.html(refusedPage('Not from here', 'This is for the browser in which the code was entered.'), 403)
}

/** Where the setup has come to, so that a page that is loaded again shows what is next. */
function currentPage({ envFile, settings, onShown }: SetupParts, { registered, kept }: Progress) {
  if (!registered) return accountPage()
  if (!kept) return copyPage(registered, envFile)
  onShown()
  return installPage(registered, settings.GITHUB_URL)
}

function codeRoutes(app: Hono, parts: SetupParts): void {
  app.post('/setup/enter', async (c) => {
    const { code } = await c.req.parseBody()
    const entered = parts.guard.enter(typeof code === 'string' ? code : '')
    if ('refused' in entered) {
      parts.log.warn({ refused: entered.refused }, 'a setup code was refused')
      return c.html(codePage(REFUSALS[entered.refused]), entered.refused === 'wait' ? 429 : 403)
    }
    setCookie(c, COOKIE, entered.session, {
      httpOnly: true,
      sameSite: 'Lax', // Strict would not come back from GitHub with the browser
      path: '/setup',
      secure: parts.settings.SHOP_URL.startsWith('https:'),
    })
    return c.redirect('/setup', 303)
  })
}

const REFUSALS = {
  wrong: 'That is not the code. It is in the newest lines that the shop printed.',
  used: 'The code was used, in another browser perhaps. Stop the shop and start it again for a new one.',
  wait: 'Too many wrong codes. Wait a minute.',
}

function registerRoutes(app: Hono, { settings, guard, name, declaration }: SetupParts): void {
  app.get('/setup/register', (c) => {
    const account = accountFrom(c.req.query('account'), c.req.query('organisation') ?? '')
    if (!account) return c.html(accountPage('Enter the name of the organisation, as in github.com/tern-project.'), 422)
    const manifest = manifestFor(settings.SHOP_URL, name, declaration)
    return c.html(manifestPage(account, manifest, formAddress(settings.GITHUB_URL, account, guard.newState())))
  })
}

/** The way back from GitHub, with a code for the App's credentials. */
function wayBackRoutes(app: Hono, parts: SetupParts, progress: Progress): void {
  const { settings, guard, log } = parts
  app.get('/setup/github/callback', async (c) => {
    const { code = '', state = '' } = c.req.query()
    if (progress.registered) return c.redirect('/setup', 303)
    if (!guard.redeemState(state) || !CODE.test(code)) {
      log.warn('a way back from GitHub was refused: its state is not ours, or was used, or is old')
      return c.html(accountPage('That did not come from this page, or too late. Nothing was kept: begin again.'), 403)
    }
    try {
      progress.registered = await exchangeCode(settings.GITHUB_API_URL, code)
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      return c.html(accountPage(`${error.message} Begin again.`), 502)
    }
    progress.kept = await keep(parts, progress.registered)
    if (progress.kept) parts.onKept(progress.registered.credentials)
    return c.redirect('/setup', 303) // away from an address that has a code in it
  })

  app.post('/setup/copied', (c) => {
    if (progress.registered) {
      progress.kept = true
      parts.onKept(progress.registered.credentials)
    }
    return c.redirect('/setup', 303)
  })
}

function accountFrom(kind: string | undefined, name: string): Account | undefined {
  if (kind === 'personal') return { kind }
  const organisation = name.trim().replace(/^@/, '')
  return ORGANISATION.test(organisation) ? { kind: 'organisation', name: organisation } : undefined
}

function formAddress(githubUrl: string, account: Account, state: string): string {
  const owner = account.kind === 'organisation' ? `/organizations/${account.name}` : ''
  return `${githubUrl}${owner}/settings/apps/new?state=${state}`
}

/** Writes the credentials down; false when that can't be, whatever the reason: then a person has to. */
async function keep({ envFile, log }: SetupParts, app: RegisteredApp): Promise<boolean> {
  try {
    await writeSettings(envFile, app.credentials)
    log.info({ app: app.slug, file: envFile }, 'registered; the credentials are written')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.warn({ app: app.slug, file: envFile, code }, 'registered; the credentials could not be written')
    return false
  }
}

function headers({ GITHUB_URL, SHOP_URL }: SetupOptions['settings']): MiddlewareHandler {
  const protect = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ['data:'],
      formAction: ["'self'", new URL(GITHUB_URL).origin],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    referrerPolicy: 'strict-origin', // with none at all, browsers hide where a form comes from
    xFrameOptions: 'DENY',
    strictTransportSecurity: SHOP_URL.startsWith('https:') ? 'max-age=31536000' : false,
  })
  return (c, next) => {
    c.header('cache-control', 'no-store')
    return protect(c, next)
  }
}
