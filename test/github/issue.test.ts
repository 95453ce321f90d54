import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeIssue, keepIssue, LABEL } from '../../app/github/issue.ts'
import type { Repository } from '../../app/github/repository-name.ts'
import { brokenCatalogIssue, changedFileIssue, lostFilesIssue } from '../../app/repository/issues.ts'
import { fileProblem } from '../../catalog/problem/problem.ts'
import { openTestShop, SHOP_REPOSITORY, type TestShop } from '../support/shop.ts'

const REPOSITORY = 'heron/shop'
let shop: TestShop
let repository: Repository
beforeAll(async () => {
  shop = await openTestShop({ follow: { files: { 'README.md': '# Heron' } } })
  repository = await shop.parts.githubApp.forRepository(REPOSITORY, { issues: 'write', metadata: 'read' })
})
afterAll(() => shop.close())

const issues = async (state: 'open' | 'closed') =>
  (await shop.github.as('ada').rest.issues.listForRepo({ ...SHOP_REPOSITORY, state, labels: LABEL })).data
const text = (mark: string, body = 'Look here.') => ({ mark, title: `About ${mark}`, body })
const withMark = async (mark: string, state: 'open' | 'closed' = 'open') =>
  (await issues(state)).filter(({ body }) => body?.includes(`tagsale:${mark} `))

describe('an issue', () => {
  it('is opened once, by the App, and says what is true now', async () => {
    const first = await keepIssue(repository, text('one'))
    expect(await keepIssue(repository, text('one'))).toBe(first)
    expect(await keepIssue(repository, text('one', 'Look there.'))).toBe(first)
    const [issue, ...others] = await withMark('one')
    expect(others).toEqual([])
    expect(issue).toMatchObject({ title: 'About one', user: { login: 'tagsale[bot]' } })
    expect(issue?.body).toBe('<!-- tagsale:one -->\nLook there.')
  })

  it('is written to only when there is something new to say', async () => {
    await keepIssue(repository, text('still'))
    const [before] = await withMark('still')
    const at = before?.updated_at
    await keepIssue(repository, text('still'))
    expect((await withMark('still'))[0]?.updated_at).toBe(at)
  })

  it('is closed with a word, and opened anew the next time', async () => {
    const first = await keepIssue(repository, text('two'))
    expect(await closeIssue(repository, 'two', 'Mended.')).toBe(true)
    expect(await closeIssue(repository, 'two', 'Mended.')).toBe(false)
    const { data: comments } = await shop.github
      .as('ada')
      .rest.issues.listComments({ ...SHOP_REPOSITORY, issue_number: first ?? 0 })
    expect(comments.map(({ body }) => body)).toEqual(['Mended.'])
    expect(await withMark('two', 'closed')).toMatchObject([{ state_reason: 'completed' }])
    expect(await keepIssue(repository, text('two'))).not.toBe(first)
  })

  it('of another mark is left alone, also one whose mark begins the same', async () => {
    await keepIssue(repository, text('three-a'))
    await keepIssue(repository, text('three'))
    await closeIssue(repository, 'three', 'Mended.')
    expect(await withMark('three-a')).toHaveLength(1)
  })

  it('that a person planted is not taken for ours', async () => {
    const planted = await shop.github
      .as('ada')
      .rest.issues.create({ ...SHOP_REPOSITORY, title: 'x', body: '<!-- tagsale:four -->\nx', labels: [LABEL] })
    const ours = await keepIssue(repository, text('four'))
    expect(ours).not.toBe(planted.data.number)
    await closeIssue(repository, 'four', 'Mended.')
    expect(
      (await shop.github.as('ada').rest.issues.get({ ...SHOP_REPOSITORY, issue_number: planted.data.number })).data
        .state,
    ).toBe('open')
  })

  it('that was opened twice at the same time becomes one again', async () => {
    await Promise.all([keepIssue(repository, text('five')), keepIssue(repository, text('five'))])
    await keepIssue(repository, text('five'))
    expect(await withMark('five')).toHaveLength(1)
  })

  it('that is longer than GitHub takes is cut', async () => {
    await keepIssue(repository, text('long', 'x'.repeat(100_000)))
    expect((await withMark('long'))[0]?.body).toHaveLength(65_536)
  })

  it('has a mark that can not leave its comment', async () => {
    await expect(keepIssue(repository, text('a --> b'))).rejects.toThrow('not a mark')
  })
})

describe('the words', () => {
  const head = { repository: REPOSITORY, commit: 'a'.repeat(40), by: 'alice' }
  const githubUrl = 'https://github.com'
  const problem = { ...fileProblem('products/pin.yaml', 'price.eur is "9,5".', 'Write "9.50".'), line: 12 }

  it('about a broken catalog name the commit, who made it, each line, and what is live instead', () => {
    const { title, body } = brokenCatalogIssue({
      head,
      problems: [problem],
      live: { commit: 'b'.repeat(40) },
      githubUrl,
    })
    expect(title).toBe('The catalog has one mistake, so the shop stays as it was')
    expect(body).toContain(`[\`aaaaaaa\`](https://github.com/heron/shop/commit/${head.commit}) by \`alice\``)
    expect(body).toContain(
      `[\`catalog/products/pin.yaml:12\`](https://github.com/heron/shop/blob/${head.commit}/catalog/products/pin.yaml#L12)`,
    )
    expect(body).toContain('everything as it was at [`bbbbbbb`]')
  })

  it('about many mistakes tell the first twenty', () => {
    const { body } = brokenCatalogIssue({ head: { ...head, by: null }, problems: Array(23).fill(problem), githubUrl })
    expect(body.match(/^- /gm)).toHaveLength(20)
    expect(body).toContain('And 3 more')
    expect(body).toContain('not open yet')
    expect(body).not.toContain(' by `')
  })

  it('keep what strangers wrote in code spans, and their paths in addresses', () => {
    const hostile = { ...problem, file: 'products/a](http://x) @all`.yaml', found: '@everyone ``` <img> \u202e\n# x' }
    const { body } = brokenCatalogIssue({ head, problems: [hostile], githubUrl })
    expect(body).toContain('/catalog/products/a%5D%28http%3A//x%29%20%40all%60.yaml#L12')
    expect(body).toContain('````@everyone ``` <img> \ufffd # x Write "9.50".````')
  })

  it('about a changed file show both digests, and how to go on', () => {
    const file = { repository: 'tern/goods', tag: 'v1', file: 'guide.pdf' }
    const found = { file, size: 11, sha256: null, releaseAsset: 1 }
    const { title, body } = changedFileIssue({ id: 'guide', sha256: 'c'.repeat(64) }, found)
    expect(title).toBe('The file of guide has changed, and is not delivered')
    for (const words of ['c'.repeat(64), 'GitHub knows none', '11 bytes', 'write their SHA-256', 'new release'])
      expect(body).toContain(words)
  })

  it('about lost files name the repositories once, and every asset', () => {
    const release = { repository: 'tern/goods', tag: 'v1', file: 'guide.pdf' }
    const { title, body } = lostFilesIssue([
      { id: 'guide', release },
      { id: 'card', release },
    ])
    expect(title).toBe('Buyers can not download 2 files')
    expect(body.match(/`tern\/goods`/g)).toHaveLength(1)
    expect(body).toContain('`catalog/assets/card.yaml`')
  })
})
