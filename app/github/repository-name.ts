/** A repository on GitHub, as Octokit names it. */
export type Names = { owner: string; repo: string }

/** `owner/name`, as Octokit names it. */
export function namesOf(repository: string): Names {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}
