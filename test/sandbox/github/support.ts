import { Octokit } from '@octokit/rest'
import type { startGitHub } from '../../../sandbox/github.ts'

export type GitHub = Awaited<ReturnType<typeof startGitHub>>

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** A client that asks as a user. */
export const as = (github: GitHub, login: string): Octokit =>
  new Octokit({ baseUrl: github.url, auth: github.tokenFor(login), log: quiet })

/** Puts a text at a path of a branch, over what is there. */
export async function put(
  octokit: Octokit,
  where: { owner: string; repo: string },
  branch: string,
  path: string,
  text: string,
): Promise<string> {
  const known = await octokit.rest.repos.getContent({ ...where, path, ref: branch }).catch(() => undefined)
  const sha = known && 'sha' in known.data ? { sha: known.data.sha } : {}
  const content = Buffer.from(text).toString('base64')
  const { data } = await octokit.rest.repos.createOrUpdateFileContents({
    ...where,
    path,
    branch,
    content,
    message: `Write ${path}`,
    ...sha,
  })
  return data.commit.sha ?? ''
}

/** A new branch where another is. */
export async function branchOff(
  octokit: Octokit,
  where: { owner: string; repo: string },
  branch: string,
  from = 'main',
): Promise<string> {
  const { data } = await octokit.rest.git.getRef({ ...where, ref: `heads/${from}` })
  await octokit.rest.git.createRef({ ...where, ref: `refs/heads/${branch}`, sha: data.object.sha })
  return data.object.sha
}

/** What a promise was refused with. */
export const refusal = (promise: Promise<unknown>): Promise<{ status: number; message: string }> =>
  promise.then(
    () => ({ status: 0, message: 'not refused' }),
    ({ status, message }) => ({ status, message }),
  )
