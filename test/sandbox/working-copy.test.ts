import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openWorkingCopy, type WorkingCopy } from '../../sandbox/process/working-copy.ts'
import { openGitHub, push, type TestGitHub, textAt } from '../support/github.ts'

const PLACE = { owner: 'heron', repo: 'shop' }
const GUIDE = 'catalog/products/guide.yaml'
const POSTER = 'catalog/products/poster.yaml'
const LINES = 'name: Guide\nprice: 1\nsize: A4\nweight: 5\nstock: 9\n'

let folder: string
let github: TestGitHub
let copy: WorkingCopy
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-copy-'))
  await mkdir(join(folder, 'catalog/products'), { recursive: true })
  await writeFile(join(folder, GUIDE), LINES)
  await writeFile(join(folder, POSTER), LINES)
  github = await openGitHub({
    organizations: [{ login: 'heron', members: [{ login: 'ada', role: 'admin' }] }],
    repositories: [{ name: 'heron/shop', files: { [GUIDE]: LINES, [POSTER]: LINES } }],
  })
  copy = await openWorkingCopy({
    folder: join(folder, 'catalog'),
    memory: join(folder, 'pushed.json'),
    github: { url: github.url, token: github.tokenFor('ada'), repository: 'heron/shop' },
  })
})
afterEach(async () => {
  await github.close()
  await rm(folder, { recursive: true })
})

const here = (path: string) => readFile(join(folder, path), 'utf8')
const there = (path: string) => textAt(github.as('ada'), PLACE, path)
const edit = (path: string, from: string, to: string) => writeFile(join(folder, path), LINES.replace(from, to))
const merge = (path: string, content: string | null) =>
  push(github.as('ada'), PLACE, { branch: 'main', change: { [path]: content } })

test('an edit beside what was merged is pushed', async () => {
  await merge(POSTER, 'merged\n')
  await edit(GUIDE, '1', '2')
  expect(await copy.push()).toEqual({ commit: expect.stringMatching(/^[0-9a-f]{40}$/) })
  expect([await there(GUIDE), await there(POSTER)]).toEqual([LINES.replace('1', '2'), 'merged\n'])
  expect(await copy.push()).toBeUndefined()
})

test('an edit that would undo what was merged is not pushed until that is here, or somebody says so', async () => {
  await merge(GUIDE, LINES.replace('stock: 9', 'stock: 8'))
  await edit(GUIDE, 'price: 1', 'price: 2')
  expect(await copy.push()).toEqual({ undoes: [GUIDE] })
  expect(await there(GUIDE)).toContain('stock: 8')
  expect(await copy.pull()).toEqual([GUIDE])
  expect(await here(GUIDE)).toBe(LINES.replace('price: 1', 'price: 2').replace('stock: 9', 'stock: 8'))
  expect(await copy.push()).toMatchObject({ commit: expect.anything() })
  expect(await there(GUIDE)).toBe(await here(GUIDE))
  await merge(GUIDE, 'again\n')
  await edit(GUIDE, 'price: 1', 'price: 3')
  expect(await copy.push()).toEqual({ undoes: [GUIDE] })
  expect(await copy.push({ evenSo: true })).toMatchObject({ commit: expect.anything() })
  expect(await there(GUIDE)).toContain('price: 3')
})

test('a file that was deleted here, and one that is new on both sides, undo nothing either', async () => {
  const [card, text] = ['catalog/products/card.yaml', 'there\n']
  await merge(GUIDE, 'merged\n')
  await merge(card, text)
  await rm(join(folder, GUIDE))
  await writeFile(join(folder, card), 'here\n')
  expect(await copy.push()).toEqual({ undoes: [card, GUIDE] })
  await copy.pull()
  expect(await here(GUIDE)).toBe('merged\n')
  expect(await here(card)).toMatch(/<<<<<<<.*here.*=======.*there.*>>>>>>>/s)
})

test('what was merged comes here, and what was deleted there goes, but for what was edited', async () => {
  await merge(POSTER, null)
  await merge('catalog/images/new.svg', '<svg/>')
  expect(await copy.pull()).toEqual(['catalog/images/new.svg', POSTER])
  expect(await here('catalog/images/new.svg')).toBe('<svg/>')
  await expect(here(POSTER)).rejects.toThrow('ENOENT')
  expect(await copy.push()).toBeUndefined()
  await merge(GUIDE, null)
  await edit(GUIDE, '1', '2')
  expect(await copy.push()).toEqual({ undoes: [GUIDE] })
  await copy.pull()
  expect(await here(GUIDE)).toContain('price: 2')
})
