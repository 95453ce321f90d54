import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'

/** What `html` makes: text in which everything that came from outside is escaped. */
export type Markup = ReturnType<typeof html>

/**
 * A page of a stand-in. `script` is our own text, run as it is; a page must also work without it. `style` comes after
 * the common one. `pictures` may come from anywhere when it is so, and forms may end at `formsLeadTo` besides here.
 */
export type StandInPage = {
  title: string
  name: string
  note: string
  body: Markup
  style?: string
  script?: string
  pictures?: boolean
  formsLeadTo?: string
}

/** Answers with a page in the stand-ins' common dress. Only its own style and script may run. */
export function showPage(c: Context, page: StandInPage) {
  const style = STYLE + (page.style ?? '')
  c.header('content-security-policy', policyOf(page, style))
  c.header('referrer-policy', 'no-referrer')
  c.header('cache-control', 'no-store')
  return c.html(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<header><a href="/">${page.name}</a><p>${page.note}</p></header>
<main>${page.body}</main>
${page.script ? raw(`<script>${page.script}</script>`) : ''}
</body>
</html>`)
}

/** A size as people read it, in decimal units as shops and GitHub's pages give it: `2.4 MB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const digits = power === 0 ? 0 : 1
  return `${(bytes / 1000 ** power).toFixed(digits)} ${units[power]}`
}

function policyOf({ script, pictures, formsLeadTo = '' }: StandInPage, style: string): string {
  const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const scripts = script ? `script-src ${sha256(script)}; connect-src 'self'; ` : ''
  const images = `img-src data:${pictures ? ' http: https:' : ''}; frame-src 'self'; `
  const forms = `form-action 'self' ${formsLeadTo}`
  return `default-src 'none'; style-src ${sha256(style)}; ${scripts}${images}base-uri 'none'; ${forms}`
}

const STYLE = `
:root { color-scheme: light dark;
  --paper: light-dark(#f6f5f1, #16181b); --card: light-dark(#fff, #1f2226); --ink: light-dark(#1c2024, #e8e6e1);
  --soft: light-dark(#5c636b, #a3a9b0); --line: light-dark(#dedbd3, #343a40); --link: light-dark(#0b57a4, #8cc2ff) }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif }
header, main { max-width: 56rem; margin: 0 auto; padding: 0 1rem }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; padding-block: 1.25rem .75rem }
header a { font-weight: 700; font-size: 1.125rem; color: inherit; text-decoration: none }
header p { margin: 0; color: var(--soft); font-size: .9375rem }
main { padding-bottom: 3rem }
a { color: var(--link) }
a:focus-visible, iframe:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 1.125rem; margin: 0; overflow-wrap: anywhere }
h3 { font-size: 1rem; margin: 0 }
time, .soft { color: var(--soft); font-size: .875rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin-block: 1rem; overflow: hidden }
.card > :not(ul, iframe, pre, section) { padding: .875rem 1rem }
.card section { border-top: 1px solid var(--line); padding: .875rem 1rem }
.row { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .125rem 1rem }
.row > strong, .row > h2, .row > h3 { flex: 1 1 14rem }
ul { list-style: none; margin: 0; padding: 0 }
li { padding: .75rem 0; border-top: 1px solid var(--line) }
.card > ul > li { padding: 0 }
.card > ul > li:first-child { border-top: 0 }
.card > ul > li > a { display: block; padding: .875rem 1rem; color: inherit; text-decoration: none }
.card > ul > li > a:hover strong { text-decoration: underline }
section li:first-child { margin-top: .5rem }
section li:last-child { padding-bottom: 0 }
li strong { overflow-wrap: anywhere }
code { font: .8125rem/1.5 ui-monospace, monospace; color: var(--soft); overflow-wrap: anywhere }
nav { display: flex; gap: 1.25rem; border-block: 1px solid var(--line) }
nav a { padding-block: .125rem }
nav a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; border-bottom: 2px solid currentColor }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .125rem .75rem; margin: .625rem 0 0; font-size: .9375rem }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
iframe { display: block; width: 100%; height: 75vh; border: 0; background: #fff; color-scheme: light }
pre { margin: 0; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .875rem/1.6 ui-monospace, monospace }
`
