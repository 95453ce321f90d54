import { Octokit } from '@octokit/rest'
import { startGitHub } from '../../sandbox/github.ts'
import { control } from './control.ts'

export type Place = { owner: string; repo: string }
type Request = { method: string; path: string; status: number }

/** GitHub's stand-in with these users, repositories, releases and App, as people and tests use it. */
export async function openGitHub(options: Parameters<typeof startGitHub>[0]) {
  const github = await startGitHub(options)
  const told = (path: string) => fetch(`${github.url}/_test/${path}`).then((answer) => answer.json())
  return {
    ...github,
    /** GitHub as this person uses it. */
    as: (login: string) => clientFor(github.url, github.tokenFor(login)),
    control: (path: string, body?: object) => control(github.url, path, body),
    /** What it was asked so far. */
    requests: (): Promise<Request[]> => told('requests'),
    /** Waits until no webhook is under way. */
    settled: (): Promise<unknown> => told('settled'),
  }
}
export type TestGitHub = Awaited<ReturnType<typeof openGitHub>>

/** Octokit without retries, and silent. */
export const clientFor = (baseUrl: string, auth?: string) =>
  new Octokit({ baseUrl, ...(auth ? { auth } : {}), log: { debug() {}, info() {}, warn() {}, error() {} } })

/** The commit that a branch points at. */
export async function tip(octokit: Octokit, place: Place, branch = 'main'): Promise<string> {
  return (await octokit.rest.git.getRef({ ...place, ref: `heads/${branch}` })).data.object.sha
}

/** A new branch where another is. Gives the commit. */
export async function branchOff(octokit: Octokit, place: Place, branch: string, from = 'main'): Promise<string> {
  const sha = await tip(octokit, place, from)
  await octokit.rest.git.createRef({ ...place, ref: `refs/heads/${branch}`, sha })
  return sha
}

/** What a commit does: text or bytes to put, a symbolic link, or null to delete; by path from the repository's root. */
export type Change = Record<string, string | Uint8Array | { link: string } | null>

/**
 * Commits a change on top of what a branch has, or of another commit, and points the branch at it, made anew where there
 * is none. Gives the commit's SHA.
 */
export async function push(
  octokit: Octokit,
  place: Place,
  { branch, change, on, parents }: { branch: string; change: Change; on?: string; parents?: string[] },
): Promise<string> {
  const base = on ?? (await tip(octokit, place, branch))
  const tree = await Promise.all(Object.entries(change).map(([path, content]) => entry(octokit, place, path, content)))
  const made = await octokit.rest.git.createTree({ ...place, base_tree: base, tree })
  const { data } = await octokit.rest.git.createCommit({
    ...{ ...place, tree: made.data.sha, parents: parents ?? [base] },
    message: `Write ${Object.keys(change).slice(0, 3).join(', ')}`,
  })
  const ref = { ...place, ref: `heads/${branch}`, sha: data.sha }
  await octokit.rest.git
    .updateRef({ ...ref, force: true })
    .catch(() => octokit.rest.git.createRef({ ...ref, ref: `refs/${ref.ref}` }))
  return data.sha
}

async function entry(octokit: Octokit, place: Place, path: string, content: Change[string]) {
  const file = { path, mode: '100644' as const, type: 'blob' as const }
  if (content === null) return { ...file, sha: null }
  if (typeof content === 'string') return { ...file, content }
  if ('link' in content) return { ...file, mode: '120000' as const, content: content.link }
  const bytes = { content: Buffer.from(content as Uint8Array).toString('base64'), encoding: 'base64' }
  const { data } = await octokit.rest.git.createBlob({ ...place, ...bytes })
  return { ...file, sha: data.sha }
}

/** The text of a file on a branch. */
export async function textAt(octokit: Octokit, place: Place, path: string, ref = 'main'): Promise<string> {
  const { data } = await octokit.rest.repos.getContent({ ...place, path, ref })
  return Buffer.from('content' in data ? data.content : '', 'base64').toString()
}
