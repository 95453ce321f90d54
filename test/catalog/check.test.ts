import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { tagsale } from '../../app/cli/tagsale.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURES = 'test/fixtures/bad-catalogs'
const BAD = `${FIXTURES}/tab`

async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  let out = ''
  let error = ''
  const code = await tagsale(args, { out: (text) => (out += text), error: (text) => (error += text) })
  return { code, out, error }
}

test('a good catalog is counted', async () => {
  expect(await run('check', `${FIXTURES}/_good`)).toEqual({
    code: 0,
    out: '3 products, 1 asset: all well.\n',
    error: '',
  })
  expect(await run('check', `${FIXTURES}/_good`, '--format=json')).toMatchObject({
    code: 0,
    out: `{\n  "folder": "${FIXTURES}/_good",\n  "problems": []\n}\n`,
  })
})

test('problems are printed with the line, a caret and the mended lines, and fail the command', async () => {
  expect(await run('check', BAD)).toEqual({
    code: 1,
    error: '',
    out: [
      `${BAD}/products/guide.yaml:12:1`,
      '  A tab indents this line. YAML is indented with spaces.',
      '',
      '    12 |  eur: "19.00"',
      '       | ^',
      '',
      '  Write instead:',
      '',
      '    12 |   eur: "19.00"',
      '',
      `${BAD}/shop.yaml:1:1`,
      '  shop.yaml is missing. Every catalog has one.',
      '',
      '2 problems in 2 files.',
      '',
    ].join('\n'),
  })
})

test('programs get every part of a problem', async () => {
  const { code, out } = await run('check', BAD, '--format', 'json')
  expect(code).toBe(1)
  expect(JSON.parse(out).problems[0]).toEqual({
    file: 'products/guide.yaml',
    ...{ line: 12, column: 1, endColumn: 2, excerpt: '\teur: "19.00"' },
    ...{ found: 'A tab indents this line.', expected: 'YAML is indented with spaces.' },
    mended: { line: 12, replaces: 1, lines: ['  eur: "19.00"'] },
  })
})

test('workflows get one annotation a line, with nothing that could begin another command', async () => {
  const { code, out } = await run('check', BAD, '--format', 'github')
  expect(code).toBe(1)
  expect(out.split('\n')[0]).toBe(
    `::error file=${BAD}/products/guide.yaml,line=12,col=1,endColumn=2,title=Catalog::A tab indents this line. YAML is indented with spaces.%0AWrite instead:%0A  eur: "19.00"`,
  )
  for (const line of out.trimEnd().split('\n'))
    expect(line).toMatch(/^::error file=[^:,]+,line=\d+,col=\d+,endColumn=\d+,title=Catalog::[^\r]+$/)
})

test('a command that is wrong says so in one sentence', async () => {
  const wrong = (error: string) => ({ code: 2, out: '', error: `${error} Try: tagsale help\n` })
  expect(await run('chek')).toEqual(wrong('There is no command "chek".'))
  expect(await run('check', '--format', 'xml')).toEqual(wrong('There is no format "xml": it is text, json or github.'))
  expect(await run('check', '--bad')).toEqual(wrong("Unknown option '--bad'."))
  expect(await run('check', 'a', 'b')).toEqual(wrong('One folder is checked at a time.'))
})

test('help names every command', async () => {
  expect((await run()).out).toContain('tagsale check [folder]')
  expect((await run('--help')).code).toBe(0)
})

test('npx finds the command in the project', async () => {
  const { stdout } = await promisify(execFile)('npx', ['tagsale', 'check', `${FIXTURES}/_good`], { cwd: ROOT })
  expect(stdout).toBe('3 products, 1 asset: all well.\n')
})
