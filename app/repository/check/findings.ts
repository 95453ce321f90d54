import type { CatalogChanges } from '../../../catalog/changes.ts'
import type { CatalogProblem } from '../../../catalog/problem/problem.ts'
import type { Asset } from '../../../catalog/schema/asset.ts'
import type { GitHubFile } from '../../github/client.ts'
import type { Known, Need } from './approval.ts'

/** An asset, and what GitHub says of its file, which is not for everybody to know. `missing` says why in a sentence. */
export type LookedUpAsset = { asset: Asset; isTold: boolean; file: GitHubFile | { missing: string } }

/** Something that needs approval: who is asked, and whether somebody agreed. */
export type Asked = Need & { logins: readonly string[]; words: string; isOpen: boolean }

/** Everything that was found out about a change; what is told of it is worked out from this alone. */
export type Findings = {
  /** The commit that is checked. */
  head: string
  /** The branch it goes to. */
  base: string
  /** Its pull request; none when a merge queue asks. */
  pull: { number: number; isDraft: boolean } | null
  before: Known
  after: Known
  /** Mistakes: nothing is merged while there is one. */
  problems: readonly CatalogProblem[]
  /** How many of them the base has too. */
  inherited: number
  /** Worth a look, but no reason to stop. */
  warnings: readonly CatalogProblem[]
  /** Files that both sides changed, from the catalog folder, of which nobody knows what merging makes; each is a problem too. */
  conflicts: readonly string[]
  /** Nothing when one of the two catalogs can't be read. */
  changes: CatalogChanges | null
  assets: readonly LookedUpAsset[]
  /** How many more assets there are that were not looked up. */
  assetsUnseen: number
  asked: readonly Asked[]
  /** The name of the catalog as it would be, on this machine's disk; none where there is none. */
  tree: string | null
  /** Pictures of how products will look: address by product id. */
  previews: ReadonlyMap<string, string>
}

/** What the check run says. */
export type CheckReport = {
  conclusion: 'success' | 'failure' | 'action_required'
  title: string
  summary: string
  annotations: readonly Annotation[]
}

/** https://docs.github.com/en/rest/checks/runs#create-a-check-run */
export type Annotation = {
  path: string
  start_line: number
  end_line: number
  start_column?: number
  end_column?: number
  annotation_level: 'failure' | 'warning'
  title: string
  message: string
}
