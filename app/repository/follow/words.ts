import { sizeText } from '../../../catalog/size.ts'
import { codeCell, plainLine } from '../../github/markdown.ts'
import type { ReleaseUpdate, Update } from './plan.ts'

/** Branches of ours begin with it. */
export const BRANCHES = 'tagsale/release-'
const MARK = /<!-- tagsale:release (\{[^<>]*\}) -->/

/** What a pull request of ours says of itself: the last commit that is ours, what it holds, whose release it brings. */
export type Mark = { head: string; want: string; repository: string; assets: string[] }

/** The branch of a release, the same each time. */
export const branchOf = ({ repository, tag }: Pick<ReleaseUpdate, 'repository' | 'tag'>): string =>
  `${BRANCHES}${`${repository}-${tag}`.toLowerCase().replaceAll('/', '-').replaceAll('..', '-')}`

/** What the pull request is called, and its commit. */
export const titleOf = ({ tag, updates: [first, ...others] }: ReleaseUpdate): string => {
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `Sell ${tag}: ${plainLine(first?.asset.id ?? '')}${more}`
}

/** The message of a commit that updates at once. */
export const messageOf = (releases: readonly ReleaseUpdate[]): string => {
  const [only] = releases
  const lines = releases.flatMap(({ updates }) =>
    updates.map(({ asset, after }) => `- ${asset.id}: ${asset.release.tag} → ${after.tag}`),
  )
  const title = only && releases.length === 1 ? titleOf(only) : `Sell ${releases.length} new releases`
  return `${title}\n\n${lines.join('\n')}\n`
}

/** The pull request's text for people, with a mark for us at its end. */
export function bodyOf(release: ReleaseUpdate, githubUrl: string, mark: Mark): string {
  const { repository, tag, updates } = release
  const address = `${githubUrl}/${repository}/releases/tag/${encodeURIComponent(tag)}`
  return [
    `Release [\`${tag}\`](${address}) of \`${repository}\` is out, and ${updates.length === 1 ? 'this asset follows' : 'these assets follow'} it:`,
    ['| Asset | Sold now | New | File | Size | SHA-256 |', '|---|---|---|---|--:|---|', ...updates.map(rowOf)].join(
      '\n',
    ),
    '**What buyers get.** Once this is merged, whoever buys gets the new files, and so does everybody who has bought ' +
      'them already. Until then they get the ones that are sold now.',
    '**Before you merge,** look at the files: whoever approves this approves these bytes. The check on this pull ' +
      'request asks for that, and has read the catalog as it would be.',
    'You do not want this release? Close this pull request, and it is not proposed again. A newer release replaces it, ' +
      'unless somebody else has pushed to its branch.',
    `<!-- tagsale:release ${JSON.stringify(mark)} -->`,
  ].join('\n\n')
}

function rowOf({ asset, after, found }: Update): string {
  const review = asset.review === 'approved' ? '' : ` (${asset.review})`
  const cells = [codeCell(asset.id) + review, codeCell(asset.release.tag), codeCell(after.tag), codeCell(after.file)]
  return `| ${[...cells, sizeText(found.size), codeCell(found.sha256)].join(' | ')} |`
}

/** The mark in a pull request's text; nothing when a person took it out or changed it. */
export function markIn(body: string | null): Mark | undefined {
  try {
    const mark = JSON.parse(MARK.exec(body ?? '')?.[1] ?? '{}') as Partial<Mark>
    const { head, want, repository, assets } = mark
    if (!head || !want || !repository || !Array.isArray(assets)) return undefined
    return { head, want, repository, assets: assets.map(String) }
  } catch {
    return undefined
  }
}

/** What is said where a newer release makes a pull request needless. */
export const replacedBy = (number: number, isClosed: boolean): string =>
  isClosed
    ? `A newer release is out: #${number} brings it, and this one is no longer needed.`
    : `A newer release is out: #${number} brings it. Somebody has pushed to this branch, so this stays open for you.`
