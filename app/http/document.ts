import { readFile } from 'node:fs/promises'
import { html } from 'hono/html'

/** What `html` makes: text in which everything that came from outside is escaped. */
export type Markup = ReturnType<typeof html>

/** Where a page's stylesheet is, and what its body holds; `head` is for more than every page has. */
export type Page = { title: string; style: string; body: Markup | Promise<unknown>; head?: Markup | '' }

/** A whole page of ours outside the storefront: light or dark, for any width, and for no search engine. It needs no script. */
export const documentOf = ({ title, style, body, head = '' }: Page): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
${head}
<link rel="stylesheet" href="${style}">
</head>
<body>
${body}
</body>
</html>`

const STYLES = ['../../site/styles/tokens.css', '../../site/styles/base.css', './document.css']

/** The stylesheet of such pages: the shop's own colours and faces, what they share, and a sheet of their own. */
export async function readStyle(sheet: URL): Promise<string> {
  const sheets = [...STYLES.map((path) => new URL(path, import.meta.url)), sheet]
  return (await Promise.all(sheets.map((one) => readFile(one, 'utf8')))).join('\n')
}
