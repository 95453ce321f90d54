import type { CatalogProblem } from '../../catalog/problem/problem.ts'
import type { Asset } from '../../catalog/schema/asset.ts'
import type { Head } from '../github/head.ts'
import type { IssueText } from '../github/issue.ts'
import { codeCell, codeSpan } from '../github/markdown.ts'
import type { ApprovedFile } from '../shop/event.ts'

// What the shop's issues say.

/** More than these, and the check says the rest. */
const PROBLEMS_TOLD_MAX = 20
const PROBLEM_CHARACTERS_MAX = 400
const NAMES_TOLD_MAX = 50
const COMMIT_CHARACTERS = 7

export type IssueWords = Omit<IssueText, 'mark'>

/** A commit with mistakes, and the one that stays live (none before the shop was ever open). `githubUrl` is GitHub's own, for links. */
export type BrokenCatalog = {
  head: Pick<Head, 'repository' | 'commit' | 'by'>
  problems: readonly CatalogProblem[]
  live?: { commit: string } | undefined
  githubUrl: string
}

/** The default branch has a catalog that can't be sold from. */
export function brokenCatalogIssue({ head, problems, live, githubUrl }: BrokenCatalog): IssueWords {
  const { repository, commit, by } = head
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`
  const link = (sha: string) => `[\`${sha.slice(0, COMMIT_CHARACTERS)}\`](${githubUrl}/${repository}/commit/${sha})`
  const more = problems.length - PROBLEMS_TOLD_MAX
  const body = `The catalog on the default branch has ${count} since commit ${link(commit)}${by ? ` by ${codeSpan(by)}` : ''}, so the shop did not take it.

**What buyers see:** ${live ? `everything as it was at ${link(live.commit)}. That stays for sale, at those prices.` : 'the shop is not open yet.'}

${problems
  .slice(0, PROBLEMS_TOLD_MAX)
  .map((problem) => problemLine(problem, `${githubUrl}/${repository}/blob/${commit}`))
  .join('\n')}
${more > 0 ? `\nAnd ${more} more: \`npx tagsale check\` tells all of them.\n` : ''}
**To mend it:** open a pull request that corrects these lines, or one that reverts the commit. The check on it says whether all is well. When it is merged, the shop follows within a minute, and this issue closes by itself.
`
  return { title: `The catalog has ${count}, so the shop stays as it was`, body }
}

function problemLine({ file, line, found, expected }: CatalogProblem, root: string): string {
  const path = `catalog/${file}`
  const address = `${root}/${path.split('/').map(encodeURIComponent).join('/')}#L${line}`
  return `- [${codeSpan(`${path}:${line}`)}](${address.replaceAll(/[()]/g, encodeParenthesis)}): ${codeSpan(`${found} ${expected}`, PROBLEM_CHARACTERS_MAX)}`
}

/** They end a link in Markdown, and encodeURIComponent leaves them. */
const encodeParenthesis = (letter: string) => (letter === '(' ? '%28' : '%29')

/** Other bytes lie under the name of an approved file. */
export function changedFileIssue({ id, sha256 }: Pick<Asset, 'id' | 'sha256'>, found: ApprovedFile): IssueWords {
  const { repository, tag, file } = found.file
  const body = `The file of ${codeSpan(`catalog/assets/${id}.yaml`)} is not the one that was approved any more. **Its delivery has stopped**, so that nobody gets what nobody looked at.

| | SHA-256 of ${codeCell(`${file} in ${tag} of ${repository}`)} |
|---|---|
| Approved | ${digestCell(sha256)} |
| There now | ${digestCell(found.sha256)}, ${found.size} bytes |

Did you not change it? Then find out who did, in the releases of ${codeSpan(repository)}.

**To mend it,** do one of these:

1. Best: put ${codeSpan(file)} as it was back into the release ${codeSpan(tag)}, publish the new bytes as a **new release**, and name its tag in the asset by pull request. Buyers then see that there is a new version.
2. To sell the new bytes under the old name: write their SHA-256 into the asset by a pull request. Whoever approves it approves these bytes.

Immutable releases, in the repository's settings, keep this from happening again. This issue closes by itself.
`
  return { title: `The file of ${id} has changed, and is not delivered`, body }
}

const digestCell = (sha256: string | null) => (sha256 ? codeCell(sha256) : 'GitHub knows none')

/** The App can't enter the repositories of these files any more. */
export function lostFilesIssue(assets: readonly Pick<Asset, 'id' | 'release'>[]): IssueWords {
  const repositories = [...new Set(assets.map(({ release }) => release.repository))]
  const names = (all: readonly string[]) => {
    const more = all.length > NAMES_TOLD_MAX ? `\n- and ${all.length - NAMES_TOLD_MAX} more` : ''
    return `${all
      .slice(0, NAMES_TOLD_MAX)
      .map((name) => `- ${codeSpan(name)}`)
      .join('\n')}${more}`
  }
  const body = `The App can not reach these repositories any more:

${names(repositories)}

So buyers can not download these files, not even those who paid for them:

${names(assets.map(({ id }) => `catalog/assets/${id}.yaml`))}

**To mend it:** let the App into the repositories again (your organisation's settings, *GitHub Apps*, *Configure*, *Repository access*). Was one renamed or deleted? Then name the new place in the assets by pull request. Orders are not lost: every download works again as soon as the file can be reached, and this issue closes by itself.
`
  const count = assets.length === 1 ? 'a file' : `${assets.length} files`
  return { title: `Buyers can not download ${count}`, body }
}
