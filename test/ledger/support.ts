import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { ProbotOctokit } from 'probot'
import { parseConfig } from '../../app/config.ts'
import { connectGitHub, type GitHubApp } from '../../app/github/client.ts'
import { writeLedger } from '../../app/ledger/write.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import { SETTINGS } from '../http/open-api.ts'
import { openGitHub } from '../support/github.ts'

export const LEDGER = { owner: 'tern', repo: 'ledger' }

type Settings = { files?: Record<string, string>; private?: boolean; repository?: string; now?: () => Date }

/** A store in a folder of its own. */
export async function openTestStore() {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-ledger-'))
  const onFailure = (error: Error) => {
    throw error
  }
  const store = await openSqliteStore({ folder, key: 'k'.repeat(32), random: randomBytes, onFailure })
  return { store, close: () => store.close().then(() => rm(folder, { recursive: true })) }
}

/** GitHub's stand-in with a private, empty `tern/ledger`, its App, and a store to write there. */
export async function openTestLedger({ files = {}, ...settings }: Settings = {}) {
  const now = settings.now ?? (() => new Date('2026-03-01T12:00:00Z'))
  const github = await openGitHub({
    app: { id: 7 },
    users: ['ada'],
    organizations: [{ login: 'tern', members: [{ login: 'ada', role: 'admin' }] }],
    repositories: [{ name: 'tern/ledger', private: settings.private ?? true, files }],
    ...(settings.now && { now: () => now().getTime() }),
  })
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const silent = log.child({}, { level: 'silent' })
  const { githubApp } = await connectGitHub({
    ...{ appId: 7, privateKey: github.privateKey, baseUrl: github.url, log: silent, now },
  })
  const config = parseConfig({
    ...SETTINGS,
    TAGSALE_MODE: 'sandbox',
    GITHUB_API_URL: github.url,
    LEDGER_REPOSITORY: settings.repository ?? 'tern/ledger',
  })
  const opened = await openTestStore()
  const parts = { store: opened.store, githubApp, config, log, now }
  const ada = github.as('ada').rest
  const textOf = (blob: { content: string }) => Buffer.from(blob.content, 'base64').toString('utf8')
  return {
    ...{ parts, logged, ada, url: github.url, store: opened.store },
    /** The job, once; others' parts may stand in for some. */
    write: (other: Partial<typeof parts> = {}) => writeLedger({ ...parts, ...other }, now(), now()),
    commits: async () => (await ada.repos.listCommits({ ...LEDGER, per_page: 100 })).data,
    /** Every file of the ledger, by its path. */
    async files(): Promise<Map<string, string>> {
      const { data } = await ada.git.getTree({ ...LEDGER, tree_sha: 'main', recursive: '1' })
      const blobs = data.tree.filter(({ type }) => type === 'blob')
      return new Map(
        await Promise.all(
          blobs.map(async ({ path = '', sha = '' }) => {
            return [path, textOf((await ada.git.getBlob({ ...LEDGER, file_sha: sha })).data)] as const
          }),
        ),
      )
    },
    close: () => Promise.all([github.close(), opened.close()]),
  }
}
export type TestLedger = Awaited<ReturnType<typeof openTestLedger>>

/** The lines of all parts, in their order. */
export const linesOf = (files: ReadonlyMap<string, string>) =>
  [...files]
    .filter(([path]) => path.startsWith('facts/'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, text]) => text.split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as { number: number; version: number; fact: { order?: string; type: string } })

/** The same App, with something that happens around its requests to GraphQL. */
export const around = (
  githubApp: GitHubApp,
  wrap: (commit: () => Promise<unknown>) => Promise<unknown>,
): GitHubApp => ({
  ...githubApp,
  async forRepository(...given) {
    const repository = await githubApp.forRepository(...given)
    const { octokit } = repository
    const graphql = (...asked: Parameters<ProbotOctokit['graphql']>) => wrap(() => octokit.graphql(...asked))
    return { ...repository, octokit: Object.assign(Object.create(octokit), { graphql }) as ProbotOctokit }
  },
})
