import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { welcomeBody } from '../../app/repository/welcome/body.ts'
import { type About, contactOf, projectName, welcomeCatalog } from '../../app/repository/welcome/catalog.ts'
import { addWorkflowUrl, workflowText } from '../../app/repository/welcome/workflow.ts'
import { loadCatalog } from '../../catalog/load.ts'
import { NO_CONTACT } from '../../catalog/schema/shop.ts'

const PLAIN: About = {
  repository: 'tern-project/tern',
  description: 'Two homes, one folder.',
  homepage: 'https://tern.example',
}
const CONTACT = 'shop@tern.example'
const picture = await readFile(new URL('../../app/repository/welcome/sticker.svg', import.meta.url), 'utf8')

const HOSTILE = [
  '"; rm -rf: {a: &b [*b]} # \\ \\u0000 \\',
  "it's: - a | > % @ ` !!js/function",
  '<script>alert(1)</script> @everyone #1 [x](javascript:1) `code` | cell',
  'line\nbreaks\r\nand\ttabs',
  'right to left \u202e and nothing \u200b',
  'раypal', // two alphabets
  '---',
  '  ',
  'null',
  '1.0',
  'x'.repeat(5000),
  '😀'.repeat(300),
  'half \ud800',
]

describe('the first catalog', () => {
  let folder: string
  let count = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagsale-welcome-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** The catalog as a person merges it, who has written an address. */
  async function load(about: About) {
    const loaded = await read(about, (text) => text.replace(NO_CONTACT, CONTACT))
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems, null, 1))
    return loaded.catalog
  }

  async function read(about: About, edit: (text: string) => string) {
    count += 1
    const root = join(folder, String(count))
    for (const [path, text] of Object.entries(welcomeCatalog(about, picture))) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), edit(text))
    }
    return loadCatalog(join(root, 'catalog'))
  }

  it('is refused as long as its address is nobody’s, and for nothing else', async () => {
    const asItIs = await read(PLAIN, (text) => text)
    expect(asItIs).toEqual({
      problems: [expect.objectContaining({ file: 'shop.yaml', excerpt: `contact: "${NO_CONTACT}"` })],
    })
  })

  it('passes the check with an address, and has what the repository says of itself', async () => {
    const { shop, products } = await load(PLAIN)
    expect(shop).toMatchObject({
      id: 'tern',
      name: 'The tern shop',
      tagline: 'Two homes, one folder.',
      project: { name: 'tern', url: 'https://tern.example' },
      contact: CONTACT,
    })
    expect([...products.keys()]).toEqual(['sticker'])
  })

  it('shows a product that nobody can buy yet', async () => {
    const { products } = await load(PLAIN)
    const product = products.get('sticker')
    expect(product).toMatchObject({ status: 'live', stock: 0 })
  })

  it.each(HOSTILE)('passes whatever people wrote: %j', async (text) => {
    const about = {
      repository: 'tern-project/shop',
      description: text,
      homepage: text,
      organization: { name: text, email: text },
    }
    const { shop } = await load(about)
    expect(shop.contact).toBe(CONTACT)
    expect(shop.project.url).toBe('https://github.com/tern-project/shop')
  })

  it.each([
    ['https://tern.example/a?b=c', 'https://tern.example/a?b=c'],
    ['tern.example', 'https://tern.example'],
    ['http://tern.example', 'https://github.com/tern-project/tern'],
    ['javascript:alert(1)', 'https://github.com/tern-project/tern'],
    ['', 'https://github.com/tern-project/tern'],
    [null, 'https://github.com/tern-project/tern'],
  ])('links to %j as %s', async (homepage, url) => {
    expect((await load({ ...PLAIN, homepage })).shop.project.url).toBe(url)
  })

  it.each(['a/b', 'x-y/.github', 'O-rg/Some.Thing_Else', 'o/-', 'o/___', `o/${'a'.repeat(100)}`])(
    'has an id for %s',
    async (repository) => {
      expect((await load({ ...PLAIN, repository })).shop.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    },
  )
})

describe('what a project is called', () => {
  it.each([
    ['tern-project/tern', null, 'tern'],
    ['tern-project/shop', 'Tern', 'Tern'],
    ['tern-project/shop', null, 'tern-project'],
    ['tern-project/.github', '\u200b', 'tern-project'],
  ])('%s of %j: %s', (repository, name, expected) => {
    expect(projectName({ ...PLAIN, repository, organization: { name, email: null } })).toBe(expected)
  })

  it("takes an organisation's public address", () => {
    expect(contactOf({ ...PLAIN, organization: { name: null, email: 'hello@tern.example' } })).toBe(
      'hello@tern.example',
    )
  })
})

describe("the pull request's text", () => {
  const facts = { shopUrl: 'https://shop.tern.example', hasWorkflow: false }

  it('says what merging and closing do, and how to ask again', () => {
    const body = welcomeBody(PLAIN, facts)
    for (const words of [
      'nothing is sold before you merge',
      '**Closing it** means no',
      'another title',
      'sold out',
      'Stripe',
    ])
      expect(body).toContain(words)
    expect(body).toContain(`\`${NO_CONTACT}\`, which is nobody's`)
    expect(body).not.toContain('workflow')
  })

  it('keeps names in code spans', () => {
    const name = '@everyone `<img src=x>` #1'
    const body = welcomeBody({ ...PLAIN, repository: 'o/shop', organization: { name, email: null } }, facts)
    expect(body).toContain(`\`\`${name}\`\``)
  })

  it('offers the workflow by a link that fills the form in', () => {
    const text = workflowText('tern-project/tagsale/.github/workflows/check-catalog.yml@v1')
    const link = addWorkflowUrl('https://github.com/tern-project/tern', 'tagsale/welcome', text)
    const { pathname, searchParams } = new URL(link)
    expect(pathname).toBe('/tern-project/tern/new/tagsale/welcome')
    expect(searchParams.get('filename')).toBe('.github/workflows/tagsale.yml')
    expect(searchParams.get('value')).toBe(text)
    expect(welcomeBody(PLAIN, { ...facts, addWorkflowUrl: link })).toContain(`(${link})`)
  })

  it('refuses to call a workflow that is none', () => {
    expect(() => workflowText('x\npermissions: write-all')).toThrow('not a reusable workflow')
  })
})
