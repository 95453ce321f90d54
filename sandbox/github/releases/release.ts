import { type Context, Hono } from 'hono'
import { mayWrite, visible, writable } from '../access.ts'
import { type GitHubEnv, invalid, notFound, originOf } from '../answer.ts'
import { bodyOf } from '../body.ts'
import { paged } from '../paging.ts'
import type { Asset, GitHubState, Release, Repository } from '../state.ts'
import { actorOf } from '../users.ts'
import { read } from './content.ts'
import { signedAddress } from './download.ts'
import { addAsset, changeRelease, createRelease, deleteRelease, ReleaseRequest } from './release-change.ts'
import { assetJson, releaseJson } from './release-view.ts'

/** Releases and their files. A file's bytes are a redirect to a signed address, or (`stream`) the answer itself. */
export function releaseRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const find = (c: Context<GitHubEnv>) => {
    const repository = visible(state, c.var.who, pathOf(c), 'contents')
    const seesDrafts = mayWrite(state, c.var.who, repository, 'contents')
    const releases = [...repository.releases.values()].filter(({ draft }) => seesDrafts || !draft)
    return { repository, releases }
  }
  const place = (c: Context<GitHubEnv>) => {
    const repository = writable(state, c.var.who, pathOf(c), 'contents')
    return { state, repository, by: actorOf(state, c.var.who) }
  }
  const show = (c: Context, repository: Repository, release: Release | undefined, status: 200 | 201 = 200) => {
    if (!release) throw notFound()
    return c.json(releaseJson(state, repository, release, originOf(c)), status)
  }

  routes.get('/repos/:o/:r/releases', (c) => {
    const { repository, releases } = find(c)
    return c.json(paged(c, releases.reverse()).map((one) => releaseJson(state, repository, one, originOf(c))))
  })
  routes.post('/repos/:o/:r/releases', async (c) => {
    const at = place(c)
    return show(c, at.repository, createRelease(at, await bodyOf(c, ReleaseRequest)), 201)
  })
  routes.get('/repos/:o/:r/releases/latest', (c) => {
    const { repository, releases } = find(c)
    const full = releases.filter(({ draft, prerelease }) => !draft && !prerelease)
    return show(c, repository, full.sort((one, other) => Number(one.publishedAt) - Number(other.publishedAt)).at(-1))
  })
  routes.get('/repos/:o/:r/releases/tags/:tag{.+}', (c) => {
    const { repository, releases } = find(c)
    return show(
      c,
      repository,
      releases.find(({ tag, draft }) => !draft && tag === c.req.param('tag')),
    )
  })
  assetRoutes(state, routes, find, place)
  routes.get('/repos/:o/:r/releases/:id', (c) => {
    const { repository, releases } = find(c)
    return show(c, repository, withId(releases, c))
  })
  routes.patch('/repos/:o/:r/releases/:id', async (c) => {
    const at = place(c)
    const release = withId([...at.repository.releases.values()], c)
    changeRelease(at, release, await bodyOf(c, ReleaseRequest))
    return show(c, at.repository, release)
  })
  routes.delete('/repos/:o/:r/releases/:id', (c) => {
    const at = place(c)
    deleteRelease(at, withId([...at.repository.releases.values()], c))
    return c.body(null, 204)
  })
  return routes
}

const withId = (releases: readonly Release[], c: Context<GitHubEnv>): Release => {
  const release = releases.find(({ id }) => String(id) === c.req.param('id'))
  if (!release) throw notFound()
  return release
}

type Find = (c: Context<GitHubEnv>) => { repository: Repository; releases: readonly Release[] }
type Place = (c: Context<GitHubEnv>) => { state: GitHubState; repository: Repository; by: string }

function assetRoutes(state: GitHubState, routes: Hono<GitHubEnv>, find: Find, place: Place): void {
  routes.get('/repos/:o/:r/releases/assets/:id', (c) => {
    const { repository, releases } = find(c)
    const { release, asset } = findAsset(releases, c.req.param('id'))
    if (!/octet-stream/.test(c.req.header('accept') ?? '')) {
      return c.json(assetJson(state, repository, release, asset, originOf(c)))
    }
    asset.downloads += 1
    if (state.faults.stream) return stream(asset)
    return c.redirect(signedAddress(state, asset, originOf(c)), 302)
  })
  routes.patch('/repos/:o/:r/releases/assets/:id', async (c) => {
    const { repository } = place(c)
    const { release, asset } = findAsset([...repository.releases.values()], c.req.param('id'))
    const { name = asset.name, label = asset.label } = (await c.req.json()) as { name?: string; label?: string }
    if (name !== asset.name && release.assets.has(name)) throw invalid('ReleaseAsset', 'name', 'already_exists')
    release.assets.delete(asset.name)
    Object.assign(asset, { name, label })
    release.assets.set(name, asset)
    return c.json(assetJson(state, repository, release, asset, originOf(c)))
  })
  routes.delete('/repos/:o/:r/releases/assets/:id', (c) => {
    const { repository } = place(c)
    const { release, asset } = findAsset([...repository.releases.values()], c.req.param('id'))
    release.assets.delete(asset.name)
    return c.body(null, 204)
  })
  routes.get('/repos/:o/:r/releases/:id/assets', (c) => {
    const { repository, releases } = find(c)
    const release = withId(releases, c)
    const assets = paged(c, [...release.assets.values()])
    return c.json(assets.map((asset) => assetJson(state, repository, release, asset, originOf(c))))
  })
  routes.post('/repos/:o/:r/releases/:id/assets', async (c) => {
    const at = place(c)
    const release = withId([...at.repository.releases.values()], c)
    const { name = '', label = '' } = c.req.query()
    const file = { name, label, contentType: c.req.header('content-type'), bytes: c.req.raw.body }
    const asset = await addAsset(at, release, file)
    return c.json(assetJson(state, at.repository, release, asset, originOf(c)), 201)
  })
}

const pathOf = (c: Context) => ({ o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' })

function findAsset(releases: readonly Release[], id: string): { release: Release; asset: Asset } {
  for (const release of releases) {
    const asset = [...release.assets.values()].find((one) => String(one.id) === id)
    if (asset) return { release, asset }
  }
  throw notFound()
}

function stream(asset: Asset): Response {
  return new Response(read(asset.content, 0, asset.size - 1), {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(asset.size),
      'content-disposition': `attachment; filename=${asset.name}`,
    },
  })
}
