import { Octokit } from '@octokit/rest'
import { pino } from 'pino'
import { parseConfig } from '../../app/config.ts'
import { connectGitHub } from '../../app/github/client.ts'
import { startGitHub } from '../../sandbox/github.ts'
import { SETTINGS } from '../http/open-api.ts'

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export type Files = Record<string, string>

/** GitHub's stand-in with `tern/shop` (ada's organisation, bob writes, eve is a stranger), and the App that is installed there. */
export async function openTestGitHub(files: Files, permissions?: Record<string, 'read' | 'write'>) {
  const github = await startGitHub({
    app: { id: 7, permissions },
    users: ['ada', 'bob', 'eve'],
    organizations: [{ login: 'tern', members: [{ login: 'ada', role: 'admin' }] }],
    repositories: [{ name: 'tern/shop', private: false, files, collaborators: { bob: 'write' } }],
  })
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  const { githubApp } = await connectGitHub({
    appId: 7,
    privateKey: github.privateKey,
    baseUrl: github.url,
    log: log.child({}, { level: 'silent' }),
  })
  return {
    url: github.url,
    logged,
    parts: {
      githubApp,
      config: parseConfig({ ...SETTINGS, TAGSALE_MODE: 'sandbox', GITHUB_API_URL: github.url }),
      log,
    },
    /** GitHub as this person uses it. */
    as: (login: string) => new Octokit({ baseUrl: github.url, auth: github.tokenFor(login), log: SILENT }).rest,
    async faults(body: object) {
      await fetch(`${github.url}/_test/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    },
    close: () => github.close(),
  }
}
export type TestGitHub = Awaited<ReturnType<typeof openTestGitHub>>

export const SHOP = { owner: 'tern', repo: 'shop' }
