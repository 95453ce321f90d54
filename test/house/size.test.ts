import { expect, test } from 'vitest'
import { filesBelow, functionsOf, read, undocumentedExports } from './source.ts'

const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 300
const STORY_LINES_MAX = 150
const ASTRO_LINES_MAX = 120
const STORIES = [
  'intake dispatch checkout catch-up take-in worker'.split(' ').map((name) => `app/${name}.ts`),
  'work shop-repository refresh sweep'.split(' ').map((name) => `app/repository/${name}.ts`),
].flat()

const code = filesBelow(['app', 'catalog', 'sandbox', 'site', 'test'], ['.ts'])
const linesOf = (path: string) => read(path).split('\n').length - 1

function limitFor(path: string): number {
  if (path.endsWith('.astro')) return ASTRO_LINES_MAX
  return STORIES.includes(path) ? STORY_LINES_MAX : FILE_LINES_MAX
}

test('no file outgrows its limit', () => {
  expect(STORIES.filter((path) => !code.includes(path))).toEqual([])
  const files = [...code.filter((path) => !path.startsWith('test/')), ...filesBelow(['site'], ['.astro'])]
  const long = files.filter((path) => linesOf(path) > limitFor(path))
  expect(long.map((path) => `${path}: ${linesOf(path)} lines, at most ${limitFor(path)}`)).toEqual([])
})

test('no function outgrows its limit', () => {
  const long = code
    .filter((path) => !path.startsWith('test/'))
    .flatMap((path) => functionsOf(path).map((one) => ({ path, ...one })))
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
  expect(long.map(({ path, line, name, lines }) => `${path}:${line} ${name}: ${lines} lines`)).toEqual([])
})

test('every exported function says what it does', () => {
  // What a page of the site exports is Astro's to name, and means the same everywhere.
  const documented = code.filter((path) => !path.startsWith('test/') && !path.startsWith('site/pages/'))
  expect(documented.flatMap(undocumentedExports)).toEqual([])
})

test('nothing is left open, skipped or swallowed', () => {
  const open = /\b(TODO|FIXME|XXX)\b|\b(test|it|describe)\.(only|todo|skip)\(|catch\s*(\(\w*\))?\s*\{\s*\}/
  const own = 'test/house/size.test.ts'
  expect(code.filter((path) => path !== own && open.test(read(path)))).toEqual([])
})
