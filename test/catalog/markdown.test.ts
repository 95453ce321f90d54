import { expect, test } from 'vitest'
import { markdownFaults, renderMarkdown } from '../../catalog/markdown.ts'

test('a description may have everything that a description needs', () => {
  const text =
    '# Title\n\n*One* **two** ~~three~~ `four`\n\n- a\n- b\n\n1. c\n\n> d\n\n| e | f |\n|---|--:|\n| g | h |\n\n---\n'
  expect(markdownFaults(text)).toEqual([])
  const html = renderMarkdown(text)
  for (const tag of [
    '<h2>Title',
    '<em>',
    '<strong>',
    '<del>',
    '<code>',
    '<ul>',
    '<ol>',
    '<blockquote>',
    '<table>',
    '<hr>',
  ]) {
    expect(html).toContain(tag)
  }
  expect(html).toContain('<td align="right">h</td>')
})

test('links outside say that we do not vouch for them; links into the shop do not', () => {
  expect(renderMarkdown('[a](https://a.example/)')).toBe(
    '<p><a href="https://a.example/" rel="noopener nofollow">a</a></p>',
  )
  expect(renderMarkdown('[a](/products/b/)')).toBe('<p><a href="/products/b/">a</a></p>')
  expect(renderMarkdown('[a](mailto:a@b.example)')).toBe('<p><a href="mailto:a@b.example">a</a></p>')
})

const ATTACKS = [
  '<script>alert(1)</script>',
  'a <script src=//spy.example></script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '<style>*{background:url(//spy.example)}</style>',
  '<form action=//spy.example><input name=card></form>',
  '<object data="data:text/html,<script>alert(1)</script>"></object>',
  '<math><mtext><img src onerror=alert(1)></mtext></math>',
  '<base href="//spy.example">',
  '<meta http-equiv=refresh content="0;url=//spy.example">',
  '<b onmouseover=alert(1)>x</b>',
  '<!-- x --!><script>alert(1)</script> -->',
  '<template><script>alert(1)</script></template>',
  '<details open ontoggle=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](<java\tscript:alert(1)>)',
  '[x](&#106;avascript:alert(1))',
  '[x](&#x6A;&#x61;vascript&colon;alert(1))',
  '[x](\\javascript:alert(1))',
  '[x](vbscript:msgbox(1))',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '[x](file:///etc/passwd)',
  '[x](//spy.example)',
  '[x](/\\\\spy.example)',
  '[x](/%09/../\\\\spy.example)',
  '[x](https:spy.example)',
  '[x](https://user@spy.example)',
  '[x](http://spy.example)',
  '<javascript:alert(1)>',
  '[x][y]\n\n[y]: javascript:alert(1)',
  '![x](https://spy.example/pixel.png)',
  '![x](javascript:alert(1))',
  '![x][y]\n\n[y]: data:image/svg+xml,<svg/onload=alert(1)>',
  'x[^1]\n\n[^1]: note',
]

test.each(ATTACKS)('%j is told, and does nothing when it is rendered', (text) => {
  expect(markdownFaults(text)).not.toEqual([])
  const html = renderMarkdown(text)
  const tags = [...html.matchAll(/<([a-z0-9]+)([^>]*)>/gi)]
  for (const [, name = '', attributes = ''] of tags) {
    expect('p a h2 pre code ol ul li br del em strong'.split(' ')).toContain(name)
    expect(attributes).toMatch(/^(?: href="(?:https:\/\/[a-z]|mailto:|\/[^/\\]|#)[^"]*"| rel="noopener nofollow")*$/)
  }
})

test.each([
  ['quotes', '> '.repeat(9_000)],
  ['lists', '- '.repeat(9_000)],
  ['brackets', '['.repeat(19_000)],
  ['stars', '*a '.repeat(6_000)],
  ['links', '[a]('.repeat(5_000)],
  ['images', '![a]('.repeat(4_000)],
  ['pipes', `${'|'.repeat(6_000)}\n${'|-'.repeat(6_000)}`],
])('%s without end are read in reasonable time', (_, text) => {
  const before = process.cpuUsage()
  markdownFaults(text)
  renderMarkdown(text)
  expect(process.cpuUsage(before).user / 1_000_000).toBeLessThan(3)
})
