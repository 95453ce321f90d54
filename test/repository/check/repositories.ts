import type { Change, Place } from '../../support/github.ts'
import { SAMPLE } from '../../support/repository.ts'
import { openTestShop, type TestShop } from '../../support/shop.ts'

/** A shop beside repositories of its owner's, by name, each with the sample catalog and what is given. */
export async function openRepositories(repositories: Record<string, Change>): Promise<TestShop> {
  const others = Object.fromEntries(Object.entries(repositories).map(([name, change]) => [name, filesOf(change)]))
  const shop = await openTestShop({ follow: { files: SAMPLE, others } })
  const book = { repository: 'elsewhere/goods', tag: 'v1', file: 'book.pdf' }
  const guide = { repository: 'heron/goods', tag: 'guide-v2', file: 'heron-guide.pdf' }
  for (const file of [book, guide]) await shop.github.control('releases', { ...file, base64: btoa(file.tag) })
  return shop
}

function filesOf(change: Change): Record<string, string | Uint8Array> {
  const files = Object.entries({ ...SAMPLE, 'README.md': '# Heron', ...change })
  return Object.fromEntries(files.filter(([, content]) => content !== null)) as Record<string, string | Uint8Array>
}

/** The newest check run on a commit, with its annotations as `path:line level`. */
export async function checkOn(shop: TestShop, place: Place, sha: string) {
  const octokit = shop.github.as('ada')
  const { data } = await octokit.rest.checks.listForRef({ ...place, ref: sha, filter: 'all' })
  const runs = data.check_runs.toSorted((a, b) => b.id - a.id)
  const [run] = runs
  const annotations = run
    ? await octokit.paginate(octokit.rest.checks.listAnnotations, { ...place, check_run_id: run.id, per_page: 100 })
    : []
  return {
    run,
    runs,
    annotations,
    places: annotations.map((one) => `${one.path}:${one.start_line} ${one.annotation_level}`),
  }
}
