import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { filesBelow, read } from './source.ts'

type Step = { uses?: string; run?: string; with?: Record<string, unknown> }
type Job = {
  permissions?: Record<string, string>
  'timeout-minutes'?: number
  strategy?: { matrix: Record<string, unknown[]> }
  steps: Step[]
}
type Workflow = {
  on: Record<string, unknown>
  permissions?: Record<string, string>
  concurrency?: Record<string, unknown>
  jobs: Record<string, Job>
}

const WORKFLOWS = filesBelow(['.github/workflows'], ['.yml', '.yaml'])
const READ = { contents: 'read' }

/** Jobs that may do more than read, each with all that it may. Nothing else in any workflow gets a permission. */
const MAY_MORE: Record<string, Record<string, string>> = {
  '.github/workflows/codeql.yml analyze': { ...READ, 'security-events': 'write' },
}

const workflow = (path: string) => parse(read(path)) as Workflow
const jobsOf = (path: string) => Object.entries(workflow(path).jobs)
const stepsOf = (path: string) => jobsOf(path).flatMap(([, { steps }]) => steps)

/** Every value of a key, however deep and in whatever style it is written. */
function valuesOf(key: string, node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, value]) => (name === key ? [value] : valuesOf(key, value)))
}

/** What a workflow uses that is not pinned by a commit's hash with the version beside it: tags and branches can be moved. */
const unpinned = (text: string): unknown[] =>
  valuesOf('uses', parse(text)).filter((action) => {
    if (!/^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40}$/.test(String(action))) return true
    return text
      .split(String(action))
      .slice(1)
      .some((rest) => !/^ # v\d+\.\d+\.\d+(?:\n|$)/.test(rest))
  })

const HASH = '11bd71901bbe5b1630ceea73d27597364c9af683'

test.each([
  'actions/checkout@v4',
  'actions/checkout@main # v4.2.2',
  'actions/checkout@11bd719 # v4.2.2',
  `actions/checkout@${HASH}`,
  `actions/checkout@${HASH} # v4`,
  './.github/actions/build',
  'docker://node:24',
])('%s is not pinned', (action) => {
  expect(unpinned(`steps:\n  - uses: ${action}\n`)).toHaveLength(1)
  expect(unpinned(`steps:\n  - { name: Fetch, "uses": "${action}" }\n`)).toHaveLength(1)
  expect(
    unpinned(`jobs:\n  one:\n    uses: actions/cache@${HASH} # v4.2.2\n  two:\n    uses: ${action}\n`),
  ).toHaveLength(1)
})

describe.each(WORKFLOWS)('%s', (path) => {
  test('may read, and nothing more than is written here', () => {
    expect(workflow(path).permissions).toEqual(READ)
    const granted = jobsOf(path).flatMap(([job, { permissions }]) =>
      permissions ? [[`${path} ${job}`, permissions]] : [],
    )
    const known = Object.entries(MAY_MORE).filter(([job]) => job.startsWith(`${path} `))
    expect(granted).toEqual(known)
  })

  test('pins every action by its hash, with the version in words', () => {
    expect(valuesOf('uses', workflow(path)).length).toBeGreaterThan(0)
    expect(unpinned(read(path))).toEqual([])
  })

  test('ends, and leaves no credentials behind and no input in a script', () => {
    expect(jobsOf(path).filter(([, job]) => !job['timeout-minutes'])).toEqual([])
    const checkouts = stepsOf(path).filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([])
    expect(stepsOf(path).filter(({ run }) => run?.includes('${{'))).toEqual([])
  })

  test('of a pull request runs once: for its last commit', () => {
    if (!('pull_request' in workflow(path).on)) return
    expect(workflow(path).concurrency).toEqual({
      group: `\${{ github.workflow }} \${{ github.event.pull_request.number || github.run_id }}`,
      'cancel-in-progress': true,
    })
  })

  test('never runs a stranger’s code with our rights', () => {
    expect(Object.keys(workflow(path).on)).not.toContain('pull_request_target')
    expect(Object.keys(workflow(path).on)).not.toContain('workflow_run')
  })
})

test('CI runs one command on each Node that is promised', () => {
  const oldest = /^>=(\d+)$/.exec(JSON.parse(read('package.json')).engines.node)?.[1]
  expect(read('README.md')).toContain(`any Node from ${oldest} up`)
  const [, job] = jobsOf('.github/workflows/ci.yml')[0] as [string, Job]
  expect(job.strategy?.matrix.node).toEqual([Number(oldest), 22, 24])
  expect(job.steps.flatMap(({ run }) => run ?? [])).toEqual(['.ci/run'])
})

test('known holes in what shops run are looked for with every change and every day, beside the tests', () => {
  const path = '.github/workflows/dependencies.yml'
  expect(Object.keys(workflow(path).on)).toEqual(expect.arrayContaining(['push', 'pull_request', 'schedule']))
  expect(stepsOf(path).flatMap(({ run }) => run ?? [])).toEqual(['npm audit --omit=dev'])
  expect(stepsOf(path).some(({ uses }) => uses?.startsWith('actions/dependency-review-action@'))).toBe(true)
  // A registry that is away must not fail what a person runs on their machine.
  expect(read('.ci/run')).not.toContain('audit')
})
