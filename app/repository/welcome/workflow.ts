/** Where the workflow lies that checks the catalog in the shop's own repository. */
export const WORKFLOW_FILE = '.github/workflows/tagsale.yml'

/** Tagsale's own, as the README names it. */
export const CHECK_WORKFLOW = 'tagsale/tagsale/.github/workflows/check-catalog.yml@main'

/** `owner/name/path@ref` of the reusable workflow, as `uses:` names it. */
const USES = /^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+\/\.github\/workflows\/[\w.-]+\.ya?ml@[A-Za-z0-9._/-]+$/

/**
 * A workflow that calls the reusable one at `uses`. It reads the repository and nothing else, also for forks.
 * https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
 */
export function workflowText(uses: string): string {
  if (!USES.test(uses)) throw new Error(`not a reusable workflow: ${uses}`)
  return `name: Catalog
on:
  pull_request:
    paths: [catalog/**]
permissions:
  contents: read
jobs:
  check:
    uses: ${uses}
`
}

/** GitHub's page for a new file, filled in: whoever follows it adds the file with their own rights. */
export function addWorkflowUrl(repositoryUrl: string, branch: string, text: string): string {
  const query = new URLSearchParams({ filename: WORKFLOW_FILE, value: text })
  return `${repositoryUrl}/new/${branch}?${query}`
}
