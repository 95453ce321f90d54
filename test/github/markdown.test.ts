import { describe, expect, test } from 'vitest'
import { altText, codeBlock, codeCell, codeSpan, plainLine, plainText } from '../../app/github/markdown.ts'
import { parseMarkdown, textOutsideCode } from '../repository/check/markdown.ts'

const HOSTILE = [
  '@octocat and @tern-project/maintainers',
  'closes #1, GH-2, tern-project/shop#3, 0123456789abcdef0123456789abcdef01234567',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '[click](https://evil.example) ![x](https://evil.example/x.png) https://evil.example www.evil.example',
  '`code` ``more`` ```fence``` `',
  '`@octocat',
  '@octocat`',
  '\\`@octocat\\`',
  'line\n\n# heading\n\n@octocat',
  'a | b | @octocat |\n| c',
  'a\\|[click](https://evil.example) @octocat \\\\| b \\\\\\| @octocat',
  '\u202egnp.exe\u2066 \u200b@octocat \u0007\u0000',
  '~~~\n```text\n@octocat\n```',
  '$\\href{https://evil.example}{x}$ :tada:',
  '<!-- @octocat -->',
]

describe.each(HOSTILE)('%j', (text) => {
  test('stays in a code span', () => {
    expect(textOutsideCode(parseMarkdown(`before ${codeSpan(text)} after`))).toBe('before  after')
  })

  test('stays in its cell', () => {
    const table = parseMarkdown(`| a | b |\n|---|---|\n| ${codeCell(text)} | last |`)
    expect(textOutsideCode(table)).toBe('ablast')
  })

  test('stays in a code block', () => {
    expect(textOutsideCode(parseMarkdown(`before\n\n${codeBlock(text)}\n\nafter`))).toBe('beforeafter')
  })

  test('is one line without anything unseen', () => {
    expect(plainLine(text)).not.toMatch(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u)
  })

  test('is harmless as the text of a picture', () => {
    expect(altText(text)).not.toMatch(/[[\]()<>`@#!\\|*_:/]/)
  })
})

test('what is shown is what was there', () => {
  const span = parseMarkdown(codeSpan('` a `` b'))
  expect(JSON.stringify(span)).toContain('"value":"` a `` b"')
  expect(codeSpan('  ')).toBe('(nothing)')
  expect(plainText('a\r\nb\tc\u0007', 100)).toBe('a\nb c\ufffd')
})

test('long text is cut', () => {
  expect(codeSpan('x'.repeat(500), 10)).toBe(`\`${'x'.repeat(9)}…\``)
  expect(plainText('🐦'.repeat(10), 4)).toBe('🐦🐦🐦…')
})
