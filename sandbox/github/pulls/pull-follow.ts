import { gitOf, refName } from '../git/git.ts'
import { isAncestor } from '../git/history.ts'
import type { GitHubState, Repository } from '../state.ts'
import { tellOfPull } from './pull-json.ts'
import type { Pull } from './pull-state.ts'

type Move = { before: string | undefined; after: string | undefined; actor: string }

/** Lets open pull requests follow their head branch, in whatever repository of the network it lies. Without the branch they close. */
export function followHead(state: GitHubState, repository: Repository, branch: string, { after, actor }: Move): void {
  for (const [base, pull] of openPulls(state)) {
    if (pull.headRepository !== repository.id || pull.headBranch !== branch || pull.headSha === after) continue
    if (after === undefined) {
      setClosed(state, base, pull, actor)
      continue
    }
    const before = pull.headSha
    setHead(state, base, pull, after)
    tellOfPull(state, base, pull, 'synchronize', actor, { before, after })
  }
}

/** Marks open pull requests as merged whose commits have come to their base branch; without the branch they close. */
export function followBase(state: GitHubState, repository: Repository, branch: string, move: Move): void {
  const { before, after, actor } = move
  const git = gitOf(state, repository)
  for (const [base, pull] of openPulls(state)) {
    if (base !== repository || pull.base !== branch) continue
    if (after === undefined) setClosed(state, base, pull, actor)
    else if (isAncestor(git, pull.headSha, after) && !(before && isAncestor(git, pull.headSha, before))) {
      setMerged(state, base, pull, { sha: after, before: before ?? pull.baseSha, actor })
      tellOfPull(state, base, pull, 'closed', actor)
    }
  }
}

/** Puts a pull request's head, and the base it is compared with, where they are now. */
export function setHead(state: GitHubState, base: Repository, pull: Pull, sha: string): void {
  const git = gitOf(state, base)
  pull.headSha = sha
  pull.baseSha = git.ref(refName(base, `refs/heads/${pull.base}`)) ?? pull.baseSha
  git.setRef(refName(base, `refs/pull/${pull.number}/head`), sha)
  const issue = base.issues.get(pull.number)
  if (issue) issue.updatedAt = state.now()
}

/** Records that a pull request was merged: the commit that did it, and where its base was before. Tells nobody. */
export function setMerged(
  state: GitHubState,
  base: Repository,
  pull: Pull,
  { sha, before, actor }: { sha: string; before: string; actor: string },
): void {
  Object.assign(pull, { mergedAt: state.now(), mergedBy: actor, mergeSha: sha, baseSha: before })
  close(state, base, pull, actor)
}

function setClosed(state: GitHubState, base: Repository, pull: Pull, actor: string): void {
  close(state, base, pull, actor)
  tellOfPull(state, base, pull, 'closed', actor)
}

function close(state: GitHubState, base: Repository, { number }: Pull, actor: string): void {
  const at = state.now()
  const issue = base.issues.get(number)
  if (issue) Object.assign(issue, { state: 'closed', closedAt: at, updatedAt: at, closedBy: actor })
}

function openPulls(state: GitHubState): [Repository, Pull][] {
  return [...state.repositories.values()].flatMap((base) =>
    [...base.pulls.values()]
      .filter(({ number }) => base.issues.get(number)?.state === 'open')
      .map((pull): [Repository, Pull] => [base, pull]),
  )
}
