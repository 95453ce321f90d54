import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Parts } from '../parts.ts'
import { documentOf } from './document.ts'
import { DESK_STYLE } from './maintainers/desk-page.ts'

type Fragment = HtmlEscapedString | Promise<HtmlEscapedString>

/** The storefront's pages that the app fills in: where each lies, and the comment its content takes the place of. */
const SHELLS = {
  thanks: { file: 'thanks/index.html', marker: '<!--tagsale:order-->' },
  order: { file: 'order/index.html', marker: '<!--tagsale:order-->' },
  problem: { file: 'problem/index.html', marker: '<!--tagsale:problem-->' },
} as const

/** A page of the storefront with the app's part in it. Before the storefront is built, the part alone. */
export async function showPage(parts: Pick<Parts, 'shop'>, shell: keyof typeof SHELLS, fragment: Fragment) {
  const { file, marker } = SHELLS[shell]
  const folder = await parts.shop.storefront()
  const content = String(await fragment)
  // In the colours and letters that every shop has.
  if (!folder)
    return documentOf({ title: 'Our shop', style: DESK_STYLE, body: html`<main class="desk">${raw(content)}</main>` })
  const page = await readFile(join(folder, file), 'utf8')
  return page.replace(marker, () => content)
}
