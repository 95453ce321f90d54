import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Permissions } from '../../app/github/client.ts'
import { WELCOME_BRANCH, type WelcomeEnd, welcome } from '../../app/repository/welcome/welcome.ts'
import { loadCatalog } from '../../catalog/load.ts'
import { branchOff, push, textAt, tip } from '../support/github.ts'
import { openTestShop, SHOP_REPOSITORY as SHOP, type TestShop } from '../support/shop.ts'

let shop: TestShop
afterEach(() => shop.close())

const open = async (files: Record<string, string> = { 'README.md': '# Heron' }, permissions?: Permissions) => {
  shop = await openTestShop({ follow: { files, permissions } })
}
const ask = (workflow?: string): Promise<WelcomeEnd> => welcome(shop.parts, 'heron/shop', { workflow })
const as = (login: string) => shop.github.as(login)
const pulls = async () => (await as('ada').rest.pulls.list({ ...SHOP, state: 'all', per_page: 100 })).data
const only = async () => {
  const [pull, ...others] = await pulls()
  expect(others).toEqual([])
  if (!pull) throw new Error('there is no pull request')
  return pull
}
const edit = (pull_number: number, change: { state?: 'open' | 'closed'; title?: string }) =>
  as('ada').rest.pulls.update({ ...SHOP, pull_number, ...change })
const closeAndRename = async (number: number) => {
  await edit(number, { state: 'closed' })
  await edit(number, { title: 'again' })
}
const welcomeText = (path: string) => textAt(as('ada'), SHOP, path, WELCOME_BRANCH)

describe('the first pull request', () => {
  it('brings a catalog that passes the check, and leaves the default branch alone', async () => {
    await open()
    const before = await tip(as('ada'), SHOP)
    expect(await ask()).toBe('opened')
    const pull = await only()
    expect(pull).toMatchObject({
      title: 'Open the shop',
      state: 'open',
      base: { ref: 'main' },
      head: { ref: WELCOME_BRANCH },
    })
    expect(pull.user?.login).toBe('tagsale[bot]')
    expect(await tip(as('ada'), SHOP)).toBe(before)
    const { data: files } = await as('ada').rest.pulls.listFiles({ ...SHOP, pull_number: pull.number })
    expect(files.map(({ filename, status }) => `${status} ${filename}`).toSorted()).toEqual([
      'added catalog/images/sticker.svg',
      'added catalog/products/sticker.yaml',
      'added catalog/shop.yaml',
    ])
    const folder = await mkdtemp(join(tmpdir(), 'tagsale-welcome-'))
    for (const { filename } of files) {
      await mkdir(dirname(join(folder, filename)), { recursive: true })
      await writeFile(join(folder, filename), await welcomeText(filename))
    }
    expect(await loadCatalog(join(folder, 'catalog'))).toHaveProperty('catalog.shop.id', 'heron')
    await rm(folder, { recursive: true })
  })

  it('is one, however often and however many at once ask for it', async () => {
    await open()
    const ends = await Promise.all([ask(), ask(), ask(), ask()])
    expect(ends.toSorted()).toEqual(['opened', 'there', 'there', 'there'])
    expect(await ask()).toBe('there')
    await only()
  })

  it('is opened from the branch that a crash left behind, without a word on that branch', async () => {
    await open()
    await branchOff(as('ada'), SHOP, WELCOME_BRANCH)
    expect(await ask()).toBe('off') // there is nothing on it to propose
    await push(as('ada'), SHOP, { branch: WELCOME_BRANCH, change: { 'catalog/shop.yaml': 'id: mine' } })
    const head = await tip(as('ada'), SHOP, WELCOME_BRANCH)
    expect(await ask()).toBe('opened')
    expect(await tip(as('ada'), SHOP, WELCOME_BRANCH)).toBe(head)
  })

  it("never writes over people's commits", async () => {
    await open()
    await ask()
    await push(as('bob'), SHOP, { branch: WELCOME_BRANCH, change: { 'catalog/shop.yaml': 'id: mine\n' } })
    expect(await ask()).toBe('there')
    await closeAndRename((await only()).number)
    expect(await ask()).toBe('opened')
    expect(await welcomeText('catalog/shop.yaml')).toBe('id: mine\n')
  })
})

describe('no', () => {
  it('is what closing it means, until its title is changed', async () => {
    await open()
    await ask()
    const { number } = await only()
    await edit(number, { state: 'closed' })
    expect(await ask()).toBe('off')
    await edit(number, { title: 'Open the shop, please' })
    expect(await ask()).toBe('opened')
    expect((await pulls()).map(({ state }) => state).toSorted()).toEqual(['closed', 'open'])
    expect(await ask()).toBe('there')
  })

  it('counts for the new one too, and the branch is made anew where it was deleted', async () => {
    await open()
    await ask()
    await closeAndRename((await only()).number)
    await as('ada').rest.git.deleteRef({ ...SHOP, ref: `heads/${WELCOME_BRANCH}` })
    expect(await ask()).toBe('opened')
    const last = Math.max(...(await pulls()).map(({ number }) => number))
    await edit(last, { state: 'closed' })
    expect(await ask()).toBe('off')
  })

  it('is not what renaming it before it was closed means', async () => {
    await open()
    await ask()
    const { number } = await only()
    await edit(number, { title: 'feat: open the shop' })
    expect(await ask()).toBe('there')
    await edit(number, { state: 'closed' })
    expect(await ask()).toBe('off')
  })

  it('is taken back by reopening it', async () => {
    await open()
    await ask()
    const { number } = await only()
    await edit(number, { state: 'closed' })
    await edit(number, { state: 'open' })
    expect(await ask()).toBe('there')
  })

  it('is what a shop means that was merged once and taken away later', async () => {
    await open()
    await ask()
    const { number } = await only()
    await as('ada').rest.pulls.merge({ ...SHOP, pull_number: number })
    expect(await ask()).toBe('has-catalog')
    await push(as('ada'), SHOP, { branch: 'main', change: { 'catalog/shop.yaml': null } })
    expect(await ask()).toBe('off')
  })

  it('comes from a repository that has a catalog, none at all, or something else by its name', async () => {
    await open({ 'catalog/shop.yaml': 'id: heron' })
    expect(await ask()).toBe('has-catalog')
    await shop.close()
    await open({})
    expect(await ask()).toBe('empty')
    expect(shop.logged.join()).toContain('no commit')
    await shop.close()
    await open({ catalog: 'a file' })
    expect(await ask()).toBe('off')
    expect(shop.logged.join()).toContain('no room')
    expect(await pulls()).toEqual([])
  })
})

describe('the workflow', () => {
  const USES = 'tern/tagsale/.github/workflows/check-catalog.yml@v1'
  const FILE = '.github/workflows/tagsale.yml'

  it('is a link for the maintainer where the App may not write workflows', async () => {
    await open()
    await ask(USES)
    const { body } = await only()
    expect(body).toContain(`/heron/shop/new/${WELCOME_BRANCH}?filename=`)
    await expect(welcomeText(FILE)).rejects.toMatchObject({ status: 404 })
  })

  it('is in the pull request where it may', async () => {
    await open(undefined, { contents: 'write', pull_requests: 'write', metadata: 'read', workflows: 'write' })
    await ask(USES)
    expect(await welcomeText(FILE)).toContain(`uses: ${USES}`)
    expect((await only()).body).toContain(`\`${FILE}\``)
  })
})
