import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { WELCOME_BRANCH, type WelcomeEnd, welcome } from '../../app/repository/welcome/welcome.ts'
import { loadCatalog } from '../../catalog/load.ts'
import { type Files, openTestGitHub, SHOP, type TestGitHub } from '../support/octokit.ts'

let github: TestGitHub
afterEach(() => github.close())

const open = async (files: Files = { 'README.md': '# Tern' }, permissions?: Record<string, 'read' | 'write'>) => {
  github = await openTestGitHub(files, permissions)
  return github
}
const look = (workflow?: string): Promise<WelcomeEnd> => welcome(github.parts, 'tern/shop', { workflow })
const pulls = async () => (await github.as('ada').pulls.list({ ...SHOP, state: 'all', per_page: 100 })).data
const only = async () => {
  const [pull, ...others] = await pulls()
  expect(others).toEqual([])
  if (!pull) throw new Error('there is no pull request')
  return pull
}
const edit = (pull_number: number, change: { state?: 'open' | 'closed'; title?: string }) =>
  github.as('ada').pulls.update({ ...SHOP, pull_number, ...change })
const closeAndRename = async (number: number) => {
  await edit(number, { state: 'closed' })
  await edit(number, { title: 'again' })
}
const textAt = async (path: string, ref: string) => {
  const { data } = await github.as('ada').repos.getContent({ ...SHOP, path, ref })
  return Buffer.from('content' in data ? data.content : '', 'base64').toString('utf8')
}
const headOf = async (branch: string) =>
  (await github.as('ada').git.getRef({ ...SHOP, ref: `heads/${branch}` })).data.object.sha

describe('the first pull request', () => {
  it('brings a catalog that passes the check, and leaves the default branch alone', async () => {
    await open()
    const before = await headOf('main')
    expect(await look()).toBe('opened')
    const pull = await only()
    expect(pull).toMatchObject({
      title: 'Open the shop',
      state: 'open',
      base: { ref: 'main' },
      head: { ref: WELCOME_BRANCH },
    })
    expect(pull.user?.login).toBe('tagsale[bot]')
    expect(await headOf('main')).toBe(before)
    const { data: files } = await github.as('ada').pulls.listFiles({ ...SHOP, pull_number: pull.number })
    expect(files.map(({ filename, status }) => `${status} ${filename}`).toSorted()).toEqual([
      'added catalog/images/sticker.svg',
      'added catalog/products/sticker.yaml',
      'added catalog/shop.yaml',
    ])
    const folder = await mkdtemp(join(tmpdir(), 'tagsale-welcome-'))
    for (const { filename } of files) {
      await mkdir(dirname(join(folder, filename)), { recursive: true })
      await writeFile(join(folder, filename), await textAt(filename, WELCOME_BRANCH))
    }
    expect(await loadCatalog(join(folder, 'catalog'))).toHaveProperty('catalog.shop.id', 'tern')
    await rm(folder, { recursive: true })
  })

  it('is one, however often and however many at once ask for it', async () => {
    await open()
    const ends = await Promise.all([look(), look(), look(), look()])
    expect(ends.toSorted()).toEqual(['opened', 'there', 'there', 'there'])
    expect(await look()).toBe('there')
    await only()
  })

  it('is opened from the branch that a crash left behind, without a word on that branch', async () => {
    await open()
    const ada = github.as('ada')
    await ada.git.createRef({ ...SHOP, ref: `refs/heads/${WELCOME_BRANCH}`, sha: await headOf('main') })
    expect(await look()).toBe('off') // there is nothing on it to propose
    const content = Buffer.from('id: mine').toString('base64')
    const change = { path: 'catalog/shop.yaml', content, branch: WELCOME_BRANCH, message: 'Before the crash' }
    await ada.repos.createOrUpdateFileContents({ ...SHOP, ...change })
    const head = await headOf(WELCOME_BRANCH)
    expect(await look()).toBe('opened')
    expect(await headOf(WELCOME_BRANCH)).toBe(head)
  })

  it("never writes over people's commits", async () => {
    await open()
    await look()
    const bob = github.as('bob')
    const { data: file } = await bob.repos.getContent({ ...SHOP, path: 'catalog/shop.yaml', ref: WELCOME_BRANCH })
    const sha = 'sha' in file ? file.sha : ''
    const content = Buffer.from('id: mine\n').toString('base64')
    const path = 'catalog/shop.yaml'
    await bob.repos.createOrUpdateFileContents({ ...SHOP, path, sha, content, branch: WELCOME_BRANCH, message: 'Mine' })
    expect(await look()).toBe('there')
    await closeAndRename((await only()).number)
    expect(await look()).toBe('opened')
    expect(await textAt('catalog/shop.yaml', WELCOME_BRANCH)).toBe('id: mine\n')
  })
})

describe('no', () => {
  it('is what closing it means, until its title is changed', async () => {
    await open()
    await look()
    const { number } = await only()
    await edit(number, { state: 'closed' })
    expect(await look()).toBe('off')
    await edit(number, { title: 'Open the shop, please' })
    expect(await look()).toBe('opened')
    expect((await pulls()).map(({ state }) => state).toSorted()).toEqual(['closed', 'open'])
    expect(await look()).toBe('there')
  })

  it('counts for the new one too, and the branch is made anew where it was deleted', async () => {
    await open()
    await look()
    await closeAndRename((await only()).number)
    await github.as('ada').git.deleteRef({ ...SHOP, ref: `heads/${WELCOME_BRANCH}` })
    expect(await look()).toBe('opened')
    const last = Math.max(...(await pulls()).map(({ number }) => number))
    await edit(last, { state: 'closed' })
    expect(await look()).toBe('off')
  })

  it('is not what renaming it before it was closed means', async () => {
    await open()
    await look()
    const { number } = await only()
    await edit(number, { title: 'feat: open the shop' })
    expect(await look()).toBe('there')
    await edit(number, { state: 'closed' })
    expect(await look()).toBe('off')
  })

  it('is taken back by reopening it', async () => {
    await open()
    await look()
    const { number } = await only()
    await edit(number, { state: 'closed' })
    await edit(number, { state: 'open' })
    expect(await look()).toBe('there')
  })

  it('is what a shop means that was merged once and taken away later', async () => {
    await open()
    await look()
    const { number } = await only()
    await github.as('ada').pulls.merge({ ...SHOP, pull_number: number })
    expect(await look()).toBe('has-catalog')
    const path = 'catalog/shop.yaml'
    const { data: file } = await github.as('ada').repos.getContent({ ...SHOP, path })
    await github.as('ada').repos.deleteFile({ ...SHOP, path, message: 'Away', sha: 'sha' in file ? file.sha : '' })
    expect(await look()).toBe('off')
  })

  it('comes from a repository that has a catalog, none at all, or something else by its name', async () => {
    await open({ 'catalog/shop.yaml': 'id: tern' })
    expect(await look()).toBe('has-catalog')
    await github.close()
    await open({})
    expect(await look()).toBe('empty')
    expect(github.logged.join()).toContain('no commit')
    await github.close()
    await open({ catalog: 'a file' })
    expect(await look()).toBe('off')
    expect(github.logged.join()).toContain('no room')
    expect(await pulls()).toEqual([])
  })
})

describe('the workflow', () => {
  const USES = 'tern/tagsale/.github/workflows/check-catalog.yml@v1'
  const FILE = '.github/workflows/tagsale.yml'

  it('is a link for the maintainer where the App may not write workflows', async () => {
    await open()
    await look(USES)
    const { body } = await only()
    expect(body).toContain(`/tern/shop/new/${WELCOME_BRANCH}?filename=`)
    await expect(textAt(FILE, WELCOME_BRANCH)).rejects.toMatchObject({ status: 404 })
  })

  it('is in the pull request where it may', async () => {
    await open(undefined, { contents: 'write', pull_requests: 'write', metadata: 'read', workflows: 'write' })
    await look(USES)
    expect(await textAt(FILE, WELCOME_BRANCH)).toContain(`uses: ${USES}`)
    expect((await only()).body).toContain(`\`${FILE}\``)
  })
})
