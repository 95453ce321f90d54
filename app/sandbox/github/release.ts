import type { RestEndpointMethodTypes } from '@octokit/rest'
import { type Context, Hono } from 'hono'
import { visible } from './access.ts'
import { type GitHubEnv, instant, notFound, originOf } from './answer.ts'
import { mediaTypeOf, read } from './content.ts'
import { signedAddress } from './download.ts'
import { nodeId, person } from './repository.ts'
import type { Asset, GitHubState, Release, Repository } from './state.ts'

type ReleaseJson = RestEndpointMethodTypes['repos']['getRelease']['response']['data']
type AssetJson = RestEndpointMethodTypes['repos']['getReleaseAsset']['response']['data']

const PAGE_SIZE = 30
const PAGE_SIZE_MAX = 100

/** Releases and their files. A file's bytes are a redirect to a signed address, or (`stream`) the answer itself. */
export function releaseRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const find = (c: Context<GitHubEnv>) =>
    visible(state, c.var.who, { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }, 'contents')
  const show = (c: Context<GitHubEnv>, repository: Repository, release: Release | undefined) => {
    if (!release) throw notFound()
    return c.json(releaseJson(state, repository, release, originOf(c)))
  }

  routes.get('/repos/:o/:r/releases', (c) => {
    const repository = find(c)
    const newestFirst = [...repository.releases.values()].reverse()
    return page(c, newestFirst, (release) => releaseJson(state, repository, release, originOf(c)))
  })
  routes.get('/repos/:o/:r/releases/latest', (c) => {
    const repository = find(c)
    return show(c, repository, [...repository.releases.values()].at(-1))
  })
  routes.get('/repos/:o/:r/releases/tags/:tag', (c) => {
    const repository = find(c)
    return show(c, repository, repository.releases.get(c.req.param('tag')))
  })
  routes.get('/repos/:o/:r/releases/assets/:id', (c) => {
    const repository = find(c)
    const { release, asset } = findAsset(repository, c.req.param('id'))
    if (!/octet-stream/.test(c.req.header('accept') ?? '')) {
      return c.json(assetJson(state, repository, release, asset, originOf(c)))
    }
    asset.downloads += 1
    if (state.faults.stream) return stream(asset)
    return c.redirect(signedAddress(state, asset, originOf(c)), 302)
  })
  routes.get('/repos/:o/:r/releases/:id', (c) => {
    const repository = find(c)
    return show(c, repository, releaseWithId(repository, c.req.param('id')))
  })
  routes.get('/repos/:o/:r/releases/:id/assets', (c) => {
    const repository = find(c)
    const release = releaseWithId(repository, c.req.param('id'))
    if (!release) throw notFound()
    return page(c, [...release.assets.values()], (asset) => assetJson(state, repository, release, asset, originOf(c)))
  })
  return routes
}

const releaseWithId = (repository: Repository, id: string) =>
  [...repository.releases.values()].find((release) => String(release.id) === id)

function findAsset(repository: Repository, id: string): { release: Release; asset: Asset } {
  for (const release of repository.releases.values()) {
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

/** One page of a list, with GitHub's `Link` to the next. */
function page<Item>(c: Context, items: readonly Item[], toJson: (item: Item) => object): Response {
  const wanted = (name: string, otherwise: number) => Math.max(1, Number(c.req.query(name)) || otherwise)
  const size = Math.min(PAGE_SIZE_MAX, wanted('per_page', PAGE_SIZE))
  const number = wanted('page', 1)
  if (items.length > number * size) {
    const next = new URL(c.req.url)
    next.searchParams.set('page', String(number + 1))
    c.header('link', `<${next}>; rel="next"`)
  }
  return c.json(items.slice((number - 1) * size, number * size).map(toJson))
}

function releaseJson(state: GitHubState, repository: Repository, release: Release, origin: string): ReleaseJson {
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${origin}/repos/${fullName}/releases/${release.id}`
  const tag = encodeURIComponent(release.tag)
  return {
    id: release.id,
    node_id: nodeId('Release', release.id),
    tag_name: release.tag,
    target_commitish: 'main',
    name: release.tag,
    body: '',
    draft: false,
    prerelease: false,
    author: person(`${state.apps.apps[0]?.slug ?? 'ghost'}[bot]`, origin),
    url,
    assets_url: `${url}/assets`,
    upload_url: `${url}/assets{?name,label}`,
    html_url: `${origin}/${fullName}/releases/tag/${tag}`,
    tarball_url: `${origin}/repos/${fullName}/tarball/${tag}`,
    zipball_url: `${origin}/repos/${fullName}/zipball/${tag}`,
    created_at: instant(release.at),
    published_at: instant(release.at),
    assets: [...release.assets.values()].map((asset) => assetJson(state, repository, release, asset, origin)),
  }
}

function assetJson(
  state: GitHubState,
  repository: Repository,
  release: Release,
  asset: Asset,
  origin: string,
): AssetJson {
  const fullName = `${repository.owner}/${repository.name}`
  return {
    id: asset.id,
    node_id: nodeId('ReleaseAsset', asset.id),
    name: asset.name,
    label: '',
    state: 'uploaded',
    content_type: mediaTypeOf(asset.name),
    size: asset.size,
    digest: `sha256:${asset.sha256}`,
    download_count: asset.downloads,
    created_at: instant(asset.at),
    updated_at: instant(asset.at),
    uploader: person(`${state.apps.apps[0]?.slug ?? 'ghost'}[bot]`, origin),
    url: `${origin}/repos/${fullName}/releases/assets/${asset.id}`,
    browser_download_url: `${origin}/${fullName}/releases/download/${encodeURIComponent(release.tag)}/${asset.name}`,
  }
}
