import type { Root as HtmlRoot } from 'hast'
import { raw } from 'hono/html'
import type { Root, RootContent } from 'mdast'
import rehypeSanitize, { defaultSchema, type Options } from 'rehype-sanitize'
import rehypeStringify from 'rehype-stringify'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'

/** As GitHub: tables, pictures, sections to open. All other HTML is dropped, and so is what could run or dress the page. */
const ALLOWED: Options = {
  ...defaultSchema,
  attributes: {
    ...defaultSchema.attributes,
    img: ['src', 'alt', 'title', 'width', 'height'],
    th: [['align', 'left', 'center', 'right']],
    td: [['align', 'left', 'center', 'right']],
    '*': [],
  },
  protocols: { href: ['http', 'https', 'mailto'], src: ['http', 'https'] },
}

const renderer = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(openSections)
  .use(remarkRehype)
  .use(rehypeSanitize, ALLOWED)
  .use(scrollTables)
  .use(rehypeStringify)
  .freeze()

/** GitHub's Markdown as HTML that is safe on a page, whoever wrote it. */
export const markdown = (text: string) => raw(`<div class="markdown">${renderer.processSync(text)}</div>`)

/** Makes `<details><summary>…</summary>` … `</details>` sections; Markdown knows each only as lone pieces of HTML. */
function openSections() {
  return (tree: Root): void => {
    const done: RootContent[] = []
    let section: { children: RootContent[] } | undefined
    for (const node of tree.children) {
      const opening = node.type === 'html' ? OPENING.exec(node.value) : null
      if (opening) {
        const summary = { type: 'paragraph', data: { hName: 'summary' }, children: [text(opening[1] ?? 'More')] }
        const details = { type: 'blockquote', data: { hName: 'details' }, children: [summary] }
        section = details as unknown as { children: RootContent[] }
        done.push(details as unknown as RootContent)
      } else if (node.type === 'html' && /^<\/details>/i.test(node.value)) section = undefined
      else (section?.children ?? done).push(node)
    }
    tree.children = done
  }
}

const OPENING = /^<details[^>]*>\s*<summary>([^<]*)<\/summary>/i
const text = (value: string) => ({ type: 'text', value })

/** A table wider than a phone scrolls by itself, with the keyboard, too. */
function scrollTables() {
  return (tree: HtmlRoot): void => {
    tree.children = tree.children.map((node) =>
      node.type === 'element' && node.tagName === 'table'
        ? {
            type: 'element',
            tagName: 'div',
            properties: { className: ['scroll'], tabIndex: 0, role: 'region', ariaLabel: 'Table' },
            children: [node],
          }
        : node,
    )
  }
}
