import type { RestEndpointMethodTypes } from '@octokit/rest'
import { instant } from '../answer.ts'
import type { Asset, GitHubState, Release, Repository } from '../state.ts'
import { account, nodeId } from '../users.ts'

type ReleaseJson = RestEndpointMethodTypes['repos']['getRelease']['response']['data']
type AssetJson = RestEndpointMethodTypes['repos']['getReleaseAsset']['response']['data']

/** A release with its files, as the API gives it. */
export function releaseJson(state: GitHubState, repository: Repository, release: Release, origin: string): ReleaseJson {
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${origin}/repos/${fullName}/releases/${release.id}`
  const tag = encodeURIComponent(release.tag)
  return {
    id: release.id,
    node_id: nodeId('Release', release.id),
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    immutable: false,
    author: account(state, release.author, origin),
    url,
    assets_url: `${url}/assets`,
    upload_url: `${url}/assets{?name,label}`,
    html_url: `${origin}/${fullName}/releases/tag/${tag}`,
    tarball_url: release.draft ? null : `${origin}/repos/${fullName}/tarball/${tag}`,
    zipball_url: release.draft ? null : `${origin}/repos/${fullName}/zipball/${tag}`,
    created_at: instant(release.at),
    published_at: release.publishedAt === null ? null : instant(release.publishedAt),
    assets: [...release.assets.values()].map((asset) => assetJson(state, repository, release, asset, origin)),
  }
}

/** A file of a release, as the API gives it. */
export function assetJson(
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
    label: asset.label,
    state: 'uploaded',
    content_type: asset.contentType,
    size: asset.size,
    digest: `sha256:${asset.sha256}`,
    download_count: asset.downloads,
    created_at: instant(asset.at),
    updated_at: instant(asset.at),
    uploader: account(state, asset.uploader, origin),
    url: `${origin}/repos/${fullName}/releases/assets/${asset.id}`,
    browser_download_url: `${origin}/${fullName}/releases/download/${encodeURIComponent(release.tag)}/${asset.name}`,
  }
}
