import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { Octokit } from '@octokit/rest'
import pino from 'pino'
import { connectGitHub } from '../../../app/github/client.ts'
import type { CheckParts } from '../../../app/repository/check/check.ts'
import { createCatalogReader } from '../../../app/repository/check/reader.ts'
import { startGitHub } from '../../../sandbox/github.ts'

/** What a commit does: text or bytes to put, a symbolic link, or null to delete; by path from the repository's root. */
export type Change = Record<string, string | Uint8Array | { link: string } | null>

const APP = 4242
const FIXTURE = join(import.meta.dirname, '../../fixtures/catalog')

/** The sample catalog by path from the repository's root. */
export const SAMPLE: Record<string, string> = Object.fromEntries(
  readdirSync(FIXTURE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [`catalog/${relative(FIXTURE, path)}`, readFileSync(path, 'utf8')]),
)

const goods = (tag: string, file: string) => ({
  repository: 'heron/goods',
  tag,
  file,
  bytes: Buffer.from(`${tag} ${file}`),
})

/** Starts a stand-in with one repository for each name, its files the sample catalog and what is given. */
export async function startWorld(repositories: Record<string, Change>) {
  const github = await startGitHub({
    app: { id: APP },
    users: ['ada', 'mia', 'rob', 'eve'],
    organizations: [{ login: 'heron', members: [{ login: 'ada', role: 'admin' }] }],
    repositories: Object.entries(repositories).map(([name, base]) => ({
      name: `heron/${name}`,
      private: false,
      files: filesOf(base),
      collaborators: { ada: 'admin', mia: 'write', rob: 'write' },
    })),
    releases: [
      goods('guide-v1', 'heron-guide.epub'),
      goods('guide-v1', 'heron-guide.pdf'),
      goods('guide-v2', 'heron-guide.pdf'),
      { ...goods('v1', 'book.pdf'), repository: 'elsewhere/goods' },
    ],
  })
  const folder = mkdtempSync(join(tmpdir(), 'tagsale-check-'))
  const log = pino({ level: 'silent' })
  const clients = await connectGitHub({
    appId: APP,
    privateKey: github.privateKey,
    baseUrl: github.url,
    log,
    writesPerMinute: 100_000,
  })
  const config = {
    DATA_FOLDER: folder,
    SHOP_URL: 'https://shop.example',
    LINK_SECRET: 'k'.repeat(32),
    STORE_KEY: 'k'.repeat(32),
    GITHUB_APP_ID: APP,
  }
  const parts = {
    ...clients,
    readApart: createCatalogReader(),
    log,
    now: () => new Date(),
    config,
  } as unknown as CheckParts
  return {
    ...{ github, parts, folder },
    as: (login: string) => new Octokit({ baseUrl: github.url, auth: github.tokenFor(login), log: silent }),
    close: async () => {
      await github.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type World = Awaited<ReturnType<typeof startWorld>>

const nothing = () => undefined
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }

function filesOf(base: Change): Record<string, string | Uint8Array> {
  const files: Record<string, string | Uint8Array> = { ...SAMPLE, 'README.md': '# Heron' }
  for (const [path, content] of Object.entries(base)) {
    if (content === null) delete files[path]
    else files[path] = content as string | Uint8Array
  }
  return files
}

/** Commits a change on top of a commit and points a branch at it, made anew when there is none. Gives the commit's SHA. */
export async function commit(
  octokit: Octokit,
  place: { owner: string; repo: string },
  options: { branch: string; parents: string[]; tree: string; change: Change },
): Promise<string> {
  const tree = await Promise.all(
    Object.entries(options.change).map(([path, content]) => entry(octokit, place, path, content)),
  )
  const made = await octokit.rest.git.createTree({ ...place, base_tree: options.tree, tree })
  const message = 'Change the shop'
  const { data } = await octokit.rest.git.createCommit({
    ...place,
    message,
    tree: made.data.sha,
    parents: options.parents,
  })
  const ref = `heads/${options.branch}`
  try {
    await octokit.rest.git.createRef({ ...place, ref: `refs/${ref}`, sha: data.sha })
  } catch {
    await octokit.rest.git.updateRef({ ...place, ref, sha: data.sha, force: true })
  }
  return data.sha
}

async function entry(octokit: Octokit, place: { owner: string; repo: string }, path: string, content: Change[string]) {
  const file = { path, mode: '100644' as const, type: 'blob' as const }
  if (content === null) return { ...file, sha: null }
  if (typeof content === 'string') return { ...file, content }
  if ('link' in content) return { ...file, mode: '120000' as const, content: content.link }
  const bytes = { content: Buffer.from(content as Uint8Array).toString('base64'), encoding: 'base64' }
  const { data } = await octokit.rest.git.createBlob({ ...place, ...bytes })
  return { ...file, sha: data.sha }
}

/** The commit a branch points at. */
export async function tip(octokit: Octokit, place: { owner: string; repo: string }, branch = 'main'): Promise<string> {
  return (await octokit.rest.git.getRef({ ...place, ref: `heads/${branch}` })).data.object.sha
}

/** The newest check run on a commit, with its annotations as `path:line level`. */
export async function checkOn(world: World, place: { owner: string; repo: string }, sha: string) {
  const octokit = world.as('ada')
  const { data } = await octokit.rest.checks.listForRef({ ...place, ref: sha, filter: 'all' })
  const runs = data.check_runs.toSorted((a, b) => b.id - a.id)
  const [run] = runs
  const annotations = run
    ? await octokit.paginate(octokit.rest.checks.listAnnotations, { ...place, check_run_id: run.id, per_page: 100 })
    : []
  return {
    run,
    runs,
    annotations,
    places: annotations.map((one) => `${one.path}:${one.start_line} ${one.annotation_level}`),
  }
}
