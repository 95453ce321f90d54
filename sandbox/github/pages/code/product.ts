import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { parse, Scalar, stringify } from 'yaml'
import { z } from 'zod'
import { resolveCommit } from '../../git/commit.ts'
import { gitOf } from '../../git/git.ts'
import { EMPTY_TREE } from '../../git/object.ts'
import { entryAt } from '../../git/tree.ts'
import { pathOf, showIn } from '../dress.ts'
import { textOf } from '../issues.ts'
import type { RepositoryEnv } from '../person.ts'

const PARCEL_GRAMS = 50
const Glance = z.object({
  currencies: z.array(z.string()).min(1).optional(),
  categories: z.array(z.object({ id: z.string() })).optional(),
})

/**
 * A form that writes a product's first YAML, which GitHub has not. Nothing is checked here: that is for the shop's App.
 * It leads to the page for a new file, where everything can still be changed.
 */
export function productRoutes(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  pages.get('/:o/:r/_product/new', formPage)
  pages.post('/:o/:r/_product/new', async (c) => {
    const { repository } = c.var
    const form = await c.req.parseBody()
    const [id, name, description, price] = ['id', 'name', 'description', 'price'].map((field) => textOf(form[field]))
    const { currencies, category } = shopOf(c)
    const value = stringify({
      name,
      summary: description?.split('\n')[0] ?? '',
      description: `${description}\n`,
      category,
      status: 'draft',
      price: Object.fromEntries(currencies.map((currency) => [currency, inQuotes(price)])),
      gives: { parcel: { weight: PARCEL_GRAMS } },
    })
    const query = new URLSearchParams({ filename: `catalog/products/${id}.yaml`, value })
    return c.redirect(`${pathOf(repository)}/new/${repository.defaultBranch}?${query}`, 303)
  })
  return pages
}

/** As the catalog's README writes amounts, so that one who mends a mistake in it makes no other. */
function inQuotes(text = ''): Scalar {
  const scalar = new Scalar(text)
  scalar.type = 'QUOTE_DOUBLE'
  return scalar
}

/** The text of a shop's file on the default branch; undefined where there is no shop. */
export function shopFileOf(c: Context<RepositoryEnv>): string | undefined {
  const { state, repository } = c.var
  const git = gitOf(state, repository)
  const commit = git.commit(resolveCommit(state, repository, 'HEAD') ?? '')
  const entry = entryAt(git, commit?.tree ?? EMPTY_TREE, 'catalog/shop.yaml')
  return entry && git.blob(entry.oid)?.toString('utf8')
}

/** What a new product takes from its shop: the currencies, and the first category. */
function shopOf(c: Context<RepositoryEnv>): { currencies: string[]; category: string } {
  const known = Glance.safeParse(read(shopFileOf(c) ?? '')).data ?? {}
  return { currencies: known.currencies ?? ['eur'], category: known.categories?.[0]?.id ?? 'merch' }
}

/** YAML as far as it can be read; a shop's file may be broken, which is not said here. */
function read(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' })
  } catch {
    return undefined
  }
}

function formPage(c: Context<RepositoryEnv>) {
  const { currencies } = shopOf(c)
  const field = (name: string, label: string) =>
    html`<div><label for="${name}">${label}</label><input type="text" id="${name}" name="${name}"></div>`
  return showIn(
    c,
    'Add a product',
    html`<h1>Add a product</h1>
<p>The next page shows the file that this makes, and proposes it as a pull request. Mistakes are welcome: see what the check says.
It is a draft: make it <code>live</code> when it has a picture.</p>
<form method="post" class="card"><div class="stack">${field('id', 'Id, as in its address: small letters and hyphens')}${field('name', 'Name')}
${field('price', `Price in ${currencies.join(' and in ')}, as in 3.00`)}
<div><label for="description">What it is</label><textarea id="description" name="description" rows="4"></textarea></div><button class="main">Write the file</button></div></form>`,
  )
}
