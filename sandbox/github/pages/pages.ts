import { type Context, Hono } from 'hono'
import { notFound } from '../answer.ts'
import { findRepository, type GitHubState } from '../state.ts'
import { commitRoutes } from './code/commits.ts'
import { editRoutes } from './code/edit.ts'
import { fileRoutes } from './code/files.ts'
import { productRoutes } from './code/product.ts'
import { releasePages } from './code/releases.ts'
import { showRefusal } from './dress.ts'
import { homePageRoutes } from './home.ts'
import { issueRoutes } from './issues.ts'
import { type PageEnv, type RepositoryEnv, signInRoutes, withPerson, withRepository } from './person.ts'
import { pullRoutes } from './pulls.ts'

/**
 * The pages for people, on github.com's paths, without any script: repositories, files, pull requests, issues, releases.
 * What is no page of theirs goes on to the API.
 */
export function pageRoutes(state: GitHubState): Hono<PageEnv> {
  const inside = repositoryPages(state)
  const isRepository = (c: Context) =>
    findRepository(state, c.req.param('o') ?? '', c.req.param('r') ?? '') !== undefined
  const home = new Hono<PageEnv>()
  home.onError(showRefusal)
  for (const path of ['/', '/login', '/deliveries/*']) home.use(path, withPerson(state))
  for (const part of [homePageRoutes(state), signInRoutes(state)]) home.route('/', part)
  home.all('/:o/:r/*', (c, next) => (isRepository(c) ? inside.fetch(c.req.raw, c.env) : next()))
  return home
}

function repositoryPages(state: GitHubState): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  pages.onError(showRefusal)
  pages.notFound((c) => showRefusal(notFound(), c))
  pages.use(withPerson(state))
  pages.use('/:o/:r/*', withRepository)
  for (const part of [fileRoutes, editRoutes, commitRoutes, pullRoutes, issueRoutes, releasePages, productRoutes]) {
    pages.route('/', part())
  }
  return pages
}
