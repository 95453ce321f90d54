import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { stringify } from 'yaml'
import { resolveCommit } from '../commit.ts'
import { gitOf } from '../git.ts'
import { EMPTY_TREE } from '../object.ts'
import { entryAt } from '../tree.ts'
import { pathOf, showIn } from './dress.ts'
import { textOf } from './issues.ts'
import type { RepositoryEnv } from './person.ts'

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
    const [id, name, summary] = [textOf(form.id), textOf(form.name), textOf(form.summary)]
    const price = { [textOf(form.currency) || 'eur']: textOf(form.price) }
    const value = stringify({ name, summary, status: 'live', price, gives: { parcel: { weight: 50 } } })
    const query = new URLSearchParams({ filename: `catalog/products/${id}.yaml`, value })
    return c.redirect(`${pathOf(repository)}/new/${repository.defaultBranch}?${query}`, 303)
  })
  return pages
}

/** The text of a shop's file on the default branch; undefined where there is no shop. */
export function shopFileOf(c: Context<RepositoryEnv>): string | undefined {
  const { state, repository } = c.var
  const git = gitOf(state, repository)
  const commit = git.commit(resolveCommit(state, repository, 'HEAD') ?? '')
  const entry = entryAt(git, commit?.tree ?? EMPTY_TREE, 'catalog/shop.yaml')
  return entry && git.blob(entry.oid)?.toString('utf8')
}

function formPage(c: Context<RepositoryEnv>) {
  const currency = /^currencies:\s*(?:\[|\n\s*-)\s*(\w{3})/m.exec(shopFileOf(c) ?? '')?.[1] ?? 'eur'
  const field = (name: string, label: string, more = '') =>
    html`<div><label for="${name}">${label}</label><input type="text" id="${name}" name="${name}" value="${more}"></div>`
  return showIn(
    c,
    'Add a product',
    html`<h1>Add a product</h1>
<p>The next page shows the file that this makes, and proposes it as a pull request. Mistakes are welcome: see what the check says.</p>
<form method="post" class="card"><div class="stack">${field('id', 'Id, as in its address: small letters and hyphens')}${field('name', 'Name')}
${field('summary', 'What it is, in one sentence')}${field('price', `Price in ${currency}, as in 3.00`)}
<input type="hidden" name="currency" value="${currency}"><button class="main">Write the file</button></div></form>`,
  )
}
