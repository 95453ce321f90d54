import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { RestEndpointMethodTypes } from '@octokit/rest'
import { branchOff, type Change, push } from './github.ts'
import { type Engine, FIXTURE_CATALOG, openTestShop, SHOP_REPOSITORY, type TestShop } from './shop.ts'

type Builds = NonNullable<NonNullable<Parameters<typeof openTestShop>[0]>['follow']>['build']

/** A catalog's files, by path as a repository has them. */
export function catalogFiles(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.map((path) => [`catalog/${relative(folder, path)}`, readFileSync(path, 'utf8')]))
}

/** The sample catalog's. */
export const SAMPLE = catalogFiles(FIXTURE_CATALOG)

/** A shop whose catalog is in a repository at GitHub's stand-in, opened: `heron/shop`, with ada its admin. */
export async function openFollowingShop(
  files?: Record<string, string | Uint8Array>,
  options: { build?: Builds; storefront?: string; engine?: Engine } = {},
): Promise<TestShop> {
  const { build, ...rest } = options
  const follow = { files: files ?? SAMPLE, ...(build && { build }) }
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

/** A pull request from a branch of its own, with these files written (or deleted, where there is `null`). */
export async function openPull(
  shop: TestShop,
  { by = 'bob', branch, edit, title = branch }: { by?: string; branch: string; edit: Change; title?: string },
): Promise<number> {
  const octokit = shop.github.as(by)
  await branchOff(octokit, SHOP_REPOSITORY, branch)
  await push(octokit, SHOP_REPOSITORY, { branch, change: edit })
  const { data } = await octokit.rest.pulls.create({ ...SHOP_REPOSITORY, title, head: branch, base: 'main' })
  return data.number
}

/** One commit on a branch of the shop's. Gives its SHA. */
export const pushTo = (shop: TestShop, { by = 'bob', branch, edit }: { by?: string; branch: string; edit: Change }) =>
  push(shop.github.as(by), SHOP_REPOSITORY, { branch, change: edit })

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
