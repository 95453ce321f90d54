import type { ProbotOctokit } from 'probot'

/** A repository on GitHub, as Octokit names it. */
export type Names = { owner: string; repo: string }

/** A repository that the App has entered, by `owner/name`: with a client that has the rights that were asked for. */
export type Repository = { name: string; names: Names; octokit: ProbotOctokit }

/** `owner/name`, as Octokit names it. */
export function namesOf(repository: string): Names {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}
