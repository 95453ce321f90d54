import type { Nodes, Root } from 'mdast'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'

/** Markdown as GitHub reads it. */
export const parseMarkdown = (text: string): Root => unified().use(remarkParse).use(remarkGfm).parse(text)

/** All text that GitHub would look through for mentions, references and links. HTML, links and pictures count as text. */
export function textOutsideCode(node: Nodes): string {
  if (node.type === 'code' || node.type === 'inlineCode') return ''
  if (node.type === 'image') return `![${node.alt}](${node.url})`
  if (node.type === 'link') return `[${node.children.map(textOutsideCode).join('')}](${node.url})`
  if ('value' in node) return node.value
  return 'children' in node ? node.children.map(textOutsideCode).join('') : ''
}
