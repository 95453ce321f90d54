import type { Element, Root as HtmlRoot } from 'hast'
import type { Nodes, Root } from 'mdast'
import rehypeSanitize, { type Options } from 'rehype-sanitize'
import rehypeStringify from 'rehype-stringify'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'
import { quoted } from './problem/problem.ts'

/** What a description may become. Everything else is dropped, and so are all attributes but these. */
const ALLOWED: Options = {
  tagNames: [
    ...['p', 'br', 'hr', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'code', 'em', 'strong', 'del', 'a'],
    ...['ul', 'ol', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  attributes: {
    a: ['href', 'title', ['rel', 'noopener', 'nofollow']],
    ol: ['start'],
    th: [['align', 'left', 'center', 'right']],
    td: [['align', 'left', 'center', 'right']],
  },
  protocols: { href: ['https', 'mailto'] },
  ancestors: { thead: ['table'], tbody: ['table'], tr: ['table'], th: ['table'], td: ['table'] },
  strip: ['script', 'style'],
  clobber: [],
  clobberPrefix: '',
  required: {},
}

/** What a description must not hold, and where it stands in the Markdown: lines and columns from 1. */
export type MarkdownFault = { line: number; column: number; length: number; found: string; expected: string }

/** Quotes and lists inside one another, all opened on one line; nobody writes that many, and the parser walks each. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s))){30,}/m

/** HTML, pictures, footnotes and links all have one of these; a text without them need not be parsed. */
const MAY_BE_AT_FAULT = /[<[@]|:\/\/|www\.|mailto:|xmpp:/i

const parser = unified().use(remarkParse).use(remarkGfm)
const renderer = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(lowerHeadings)
  .use(remarkRehype)
  .use(markLinks)
  .use(rehypeSanitize, ALLOWED)
  .use(rehypeStringify)
  .freeze()

/**
 * Renders GitHub's Markdown to HTML that is safe to put on a page, whoever wrote it: an allow-list decides last. Raw HTML and
 * pictures are dropped; headings begin at h2, since the page has the product's name as its h1.
 */
export function renderMarkdown(text: string): string {
  return String(renderer.processSync(text.replaceAll(new RegExp(TOO_DEEP, 'gm'), '')))
}

/** Everything in a text that `renderMarkdown` would drop: raw HTML, pictures, footnotes, and links it can't follow safely. */
export function markdownFaults(text: string): MarkdownFault[] {
  const deep = TOO_DEEP.exec(text)
  if (deep) {
    const line = text.slice(0, deep.index).split('\n').length
    return [{ line, column: 1, length: 1, found: 'This is nested too deep.', expected: 'A few levels are enough.' }]
  }
  if (!MAY_BE_AT_FAULT.test(text)) return []
  const faults: MarkdownFault[] = []
  walk(parser.parse(text), (node) => {
    const sentences = faultOf(node)
    const start = node.position?.start
    if (!sentences || !start) return
    // A pair of tags is told once, at the first of the two.
    if (faults.some(({ line, found }) => line === start.line && found === sentences.found)) return
    const source = text.slice(start.offset, node.position?.end.offset).split('\n')[0] ?? ''
    faults.push({ line: start.line, column: start.column, length: Math.max(1, source.length), ...sentences })
  })
  return faults
}

function faultOf(node: Nodes): Pick<MarkdownFault, 'found' | 'expected'> | undefined {
  switch (node.type) {
    case 'html':
      return {
        found: 'There is HTML in this text.',
        expected: 'Write Markdown; or put HTML that is an example into `backticks`.',
      }
    case 'image':
    case 'imageReference':
      return { found: 'There is a picture in this text.', expected: 'Pictures of a product are listed under images.' }
    case 'footnoteDefinition':
    case 'footnoteReference':
      return { found: 'There is a footnote in this text.', expected: 'Say it in the text.' }
    case 'link':
    case 'definition':
      return linkFault(node.url)
    default:
      return undefined
  }
}

function linkFault(url: string): Pick<MarkdownFault, 'found' | 'expected'> | undefined {
  if (isSafeLink(url)) return undefined
  const expected = 'A link begins with https://, mailto: or a single /.'
  return { found: `The link to ${quoted(url)} is not safe.`, expected }
}

/** An address of the web over TLS, a mail address, or a place in the shop; browsers skip blanks and read \\ as /. */
function isSafeLink(url: string): boolean {
  if (/[\p{Cc}\s\\]/u.test(url)) return false
  if (/^(https:\/\/[^/?#@]+(?:[/?#]|$)|mailto:[^@]+@)/i.test(url)) return URL.canParse(url)
  return /^(?:\/(?!\/)|#)/.test(url)
}

function lowerHeadings() {
  return (tree: Root): void =>
    walk(tree, (node) => {
      if (node.type === 'heading' && node.depth === 1) node.depth = 2
    })
}

/** Takes the address from unsafe links, and tells browsers and search engines that we don't vouch for those outside. */
function markLinks() {
  return (tree: HtmlRoot): void => walkElements(tree, markLink)
}

function markLink(element: Element): void {
  if (element.tagName !== 'a') return
  const href = String(element.properties.href ?? '')
  if (!isSafeLink(href)) delete element.properties.href
  else if (/^https:/i.test(href)) element.properties.rel = ['noopener', 'nofollow']
}

function walk(node: Nodes, visit: (node: Nodes) => void): void {
  visit(node)
  if ('children' in node) for (const child of node.children) walk(child, visit)
}

function walkElements(parent: HtmlRoot | Element, visit: (element: Element) => void): void {
  for (const child of parent.children) {
    if (child.type !== 'element') continue
    visit(child)
    walkElements(child, visit)
  }
}
