import { createTransport } from 'nodemailer'
import { must, refusalOf, type SmokeCheck, type SmokeTools } from './check.ts'

/** A branch of the scratch repository, where its default branch is; it goes afterwards. */
async function openBranch({ scratch, run, afterwards }: SmokeTools, suffix: string) {
  const { octokit, names } = await scratch({ contents: 'write', metadata: 'read' })
  const { data: repository } = await octokit.rest.repos.get(names)
  const { data } = await octokit.rest.git.getRef({ ...names, ref: `heads/${repository.default_branch}` })
  const ref = `heads/${run}-${suffix}`
  await octokit.rest.git.createRef({ ...names, ref: `refs/${ref}`, sha: data.object.sha })
  afterwards(() => octokit.rest.git.deleteRef({ ...names, ref }))
  return { octokit, names, head: data.object.sha, branch: `${run}-${suffix}` }
}

const COMMIT = 'mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }'

/** What the shop takes for true of GitHub and of the mail server. */
export const OUTSIDE_ASSUMPTIONS: readonly SmokeCheck[] = [
  {
    id: 'G1',
    what: 'the App answers to its key',
    async walk({ asApp }) {
      const { data } = await (await asApp()).rest.apps.getAuthenticated()
      must(data !== null, 'GitHub names no App')
      return `${data.slug}`
    },
  },
  {
    id: 'G2',
    what: 'a token that may only read is refused where it writes, with 403',
    async walk({ scratch, run }) {
      const { octokit, names } = await scratch({ contents: 'read', metadata: 'read' })
      const { data: repository } = await octokit.rest.repos.get(names)
      const { data } = await octokit.rest.git.getRef({ ...names, ref: `heads/${repository.default_branch}` })
      const ref = { ...names, ref: `refs/heads/${run}-never`, sha: data.object.sha }
      const { status } = await refusalOf(octokit.rest.git.createRef(ref))
      must(status === 403, `it is ${status}`)
      return 'refused'
    },
  },
  {
    id: 'G3',
    what: 'a commit on a branch that has moved is refused, and writes nothing',
    async walk(tools) {
      const { octokit, names, head, branch } = await openBranch(tools, 'moved')
      const input = (text: string) => ({
        branch: { repositoryNameWithOwner: `${names.owner}/${names.repo}`, branchName: branch },
        expectedHeadOid: head,
        message: { headline: 'Try what GitHub does' },
        fileChanges: { additions: [{ path: 'smoke.txt', contents: Buffer.from(text).toString('base64') }] },
      })
      await octokit.graphql(COMMIT, { input: input('one') })
      await refusalOf(octokit.graphql(COMMIT, { input: input('two') }))
      const { data } = await octokit.rest.repos.getContent({ ...names, path: 'smoke.txt', ref: branch })
      const text = 'content' in data ? Buffer.from(data.content, 'base64').toString() : ''
      must(text === 'one', `the file says ${text}`)
      return branch
    },
  },
  {
    id: 'G4',
    what: 'a check run is found again by its external id, and can be completed',
    async walk(tools) {
      const { head } = await openBranch(tools, 'check')
      const { octokit, names } = await tools.scratch({ checks: 'write', metadata: 'read' })
      const made = { ...names, name: 'Tagsale smoke', head_sha: head, external_id: tools.run }
      const { data: run } = await octokit.rest.checks.create({ ...made, status: 'in_progress' })
      const complete = { status: 'completed', conclusion: 'neutral' } as const
      await octokit.rest.checks.update({ ...names, check_run_id: run.id, ...complete })
      const { data } = await octokit.rest.checks.listForRef({ ...names, ref: head, filter: 'all' })
      const found = data.check_runs.find(({ external_id }) => external_id === tools.run)
      must(found?.conclusion === 'neutral', `it is ${found?.conclusion}`)
      return `check run ${run.id}, which stays, as GitHub deletes none`
    },
  },
  {
    id: 'G5',
    what: 'a file that is not there is 404',
    async walk({ scratch, run }) {
      const { octokit, names } = await scratch({ contents: 'read', metadata: 'read' })
      const { status } = await refusalOf(octokit.rest.repos.getContent({ ...names, path: `${run}/nothing` }))
      must(status === 404, `it is ${status}`)
      return 'not found'
    },
  },
  {
    id: 'G6',
    what: "the App's deliveries can be listed",
    async walk({ asApp }) {
      const { data } = await (await asApp()).request('GET /app/hook/deliveries', { per_page: 1 })
      must(Array.isArray(data), 'it is no list')
      return `${data.length}`
    },
  },
  {
    id: 'M1',
    what: 'the mail server takes our name and password',
    async walk({ smtpUrl }) {
      const transport = createTransport({ url: smtpUrl, connectionTimeout: 15_000, greetingTimeout: 15_000 })
      await transport.verify().finally(() => transport.close())
      return new URL(smtpUrl).host
    },
  },
]
