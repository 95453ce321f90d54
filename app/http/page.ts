import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Parts } from '../parts.ts'
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
  if (!folder) return bare(content)
  const page = await readFile(join(folder, file), 'utf8')
  return page.replace(marker, () => content)
}

/** In the colours and letters that every shop has. */
const bare = (content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Our shop</title>
<link rel="stylesheet" href="${DESK_STYLE}">
</head>
<body><main class="desk">
${content}
</main></body>
</html>`
