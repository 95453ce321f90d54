import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { RestEndpointMethodTypes } from '@octokit/rest'
import { FIXTURE_CATALOG, openTestShop, SHOP_REPOSITORY, type TestShop } from './shop.ts'

type Builds = NonNullable<NonNullable<Parameters<typeof openTestShop>[0]>['follow']>['build']

/** The files of the sample catalog, as a repository has them. */
export async function fixtureFiles(): Promise<Record<string, Uint8Array>> {
  const entries = await readdir(FIXTURE_CATALOG, { withFileTypes: true, recursive: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const named = paths.map(async (path) => [`catalog/${relative(FIXTURE_CATALOG, path)}`, await readFile(path)] as const)
  return Object.fromEntries(await Promise.all(named))
}

/** A shop whose catalog is in a repository at GitHub's stand-in, opened: `heron/shop`, with ada its admin. */
export async function openFollowingShop(
  files?: Record<string, string | Uint8Array>,
  options: { build?: Builds; storefront?: string } = {},
): Promise<TestShop> {
  const { build, ...rest } = options
  const follow = { files: files ?? (await fixtureFiles()), ...(build && { build }) }
  const shop = await openTestShop({ ...rest, follow })
  await shop.work()
  return shop
}

/** Lets webhooks arrive and does the work that they cause, until nothing is left of both. */
export async function quiet(shop: TestShop): Promise<void> {
  for (let before = -1; before !== shop.logged.length; ) {
    before = shop.logged.length
    await shop.github.settled()
    await shop.work()
  }
}

type Edit = Record<string, string | null>

/** A pull request from a branch of its own, with these files written (or deleted, where there is `null`). */
export async function openPull(
  shop: TestShop,
  { by = 'bob', branch, edit, title = branch }: { by?: string; branch: string; edit: Edit; title?: string },
): Promise<number> {
  const octokit = shop.github.as(by)
  const { data: main } = await octokit.rest.git.getRef({ ...SHOP_REPOSITORY, ref: 'heads/main' })
  await octokit.rest.git.createRef({ ...SHOP_REPOSITORY, ref: `refs/heads/${branch}`, sha: main.object.sha })
  await pushTo(shop, { by, branch, edit })
  const { data } = await octokit.rest.pulls.create({ ...SHOP_REPOSITORY, title, head: branch, base: 'main' })
  return data.number
}

/** One commit on a branch. Gives its SHA. */
export async function pushTo(
  shop: TestShop,
  { by = 'bob', branch, edit }: { by?: string; branch: string; edit: Edit },
) {
  const octokit = shop.github.as(by)
  const { data: ref } = await octokit.rest.git.getRef({ ...SHOP_REPOSITORY, ref: `heads/${branch}` })
  const { data: commit } = await octokit.rest.git.getCommit({ ...SHOP_REPOSITORY, commit_sha: ref.object.sha })
  const tree = Object.entries(edit).map(([path, content]) => ({
    ...{ path, mode: '100644' as const, type: 'blob' as const },
    ...(content === null ? { sha: null } : { content }),
  }))
  const made = await octokit.rest.git.createTree({ ...SHOP_REPOSITORY, base_tree: commit.tree.sha, tree })
  const { data } = await octokit.rest.git.createCommit({
    ...SHOP_REPOSITORY,
    message: `Edit ${Object.keys(edit).join(', ')}`,
    tree: made.data.sha,
    parents: [ref.object.sha],
  })
  await octokit.rest.git.updateRef({ ...SHOP_REPOSITORY, ref: `heads/${branch}`, sha: data.sha })
  return data.sha
}

type CheckRun = RestEndpointMethodTypes['checks']['listForRef']['response']['data']['check_runs'][number]

/** The check runs of a pull request's newest commit. */
export async function checksOf(shop: TestShop, number: number): Promise<CheckRun[]> {
  const octokit = shop.github.as('ada')
  const { data: pull } = await octokit.rest.pulls.get({ ...SHOP_REPOSITORY, pull_number: number })
  const { data } = await octokit.rest.checks.listForRef({ ...SHOP_REPOSITORY, ref: pull.head.sha, filter: 'all' })
  return data.check_runs
}

/** Merges a pull request as the button does. Gives the commit. */
export async function merge(shop: TestShop, number: number, by = 'ada'): Promise<string> {
  const { data } = await shop.github.as(by).rest.pulls.merge({ ...SHOP_REPOSITORY, pull_number: number })
  return data.sha
}
