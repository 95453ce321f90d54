import { createHash } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Octokit } from '@octokit/rest'

// In the sandbox, the catalog's folder on this machine is a working copy of the repository at GitHub's stand-in: what is
// edited here is pushed there, as `git push` would. What is merged there stays there.

/** The repository's files as they were here when they were last pushed: git's blob SHA-1 by path. */
type Pushed = Record<string, string>

export type WorkingCopy = {
  /** Pushes what was edited since the last time, one push after the other. Gives the commit; nothing when nothing was edited. */
  push: () => Promise<string | undefined>
}

type Options = {
  folder: string
  /** Where it is remembered what was pushed. */
  memory: string
  github: { url: string; token: string; repository: string }
}

const MESSAGE = 'Edit the catalog on this machine'
const TRIES = 5

/** Every file of a catalog's folder, by its path in the repository. Hidden files are nobody's business. */
export async function catalogFiles(folder: string): Promise<Record<string, Uint8Array>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: ['catalog', ...relative(folder, path).split(sep)].join('/') }))
    .filter(({ name }) => !name.includes('/.') && isCatalogs(name))
  return Object.fromEntries(
    await Promise.all(files.map(async ({ path, name }) => [name, await readFile(path)] as const)),
  )
}

/** The sample catalog lies beside the code that reads it, which no shop's repository has. */
const isCatalogs = (name: string): boolean => /^catalog\/(shop\.yaml$|(products|assets|images)\/)/.test(name)

/** Opens the working copy. The first time, what is here is taken for what is there: the repository begins with it. */
export async function openWorkingCopy({ folder, memory, github }: Options): Promise<WorkingCopy> {
  const octokit = new Octokit({ baseUrl: github.url, auth: github.token })
  const known = await readFile(memory, 'utf8').catch(() => undefined)
  let pushed: Pushed = known ? JSON.parse(known) : shasOf(await catalogFiles(folder))
  if (!known) await remember(memory, pushed)

  let turn: Promise<unknown> = Promise.resolve()

  async function push() {
    const files = await catalogFiles(folder)
    const now = shasOf(files)
    const edited = Object.keys(now).filter((path) => now[path] !== pushed[path])
    const deleted = Object.keys(pushed).filter((path) => !(path in now))
    if (edited.length === 0 && deleted.length === 0) return undefined
    const additions = edited.map((path) => {
      return { path, contents: Buffer.from(files[path] as Uint8Array).toString('base64') }
    })
    const commit = await commitTo(octokit, github.repository, additions, deleted)
    pushed = now
    await remember(memory, pushed)
    return commit
  }
  return {
    push() {
      const pushing = turn.then(push)
      turn = pushing.catch(() => {})
      return pushing
    },
  }
}

type Addition = { path: string; contents: string }

/** One commit on the default branch, on top of whatever is there. */
async function commitTo(
  octokit: Octokit,
  repository: string,
  additions: Addition[],
  deleted: string[],
): Promise<string> {
  const [owner = '', repo = ''] = repository.split('/')
  for (let tries = 1; ; tries += 1) {
    const { data: head } = await octokit.rest.git.getRef({ owner, repo, ref: 'heads/main' })
    const { data: tree } = await octokit.rest.git.getTree({ owner, repo, tree_sha: head.object.sha, recursive: '1' })
    const there = new Set(tree.tree.map(({ path }) => path))
    const deletions = deleted.filter((path) => there.has(path)).map((path) => ({ path }))
    try {
      const { createCommitOnBranch } = await octokit.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(
        'mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }',
        {
          input: {
            branch: { repositoryNameWithOwner: repository, branchName: 'main' },
            expectedHeadOid: head.object.sha,
            message: { headline: MESSAGE },
            fileChanges: { additions, deletions },
          },
        },
      )
      return createCommitOnBranch.commit.oid
    } catch (error) {
      if (tries === TRIES) throw error // somebody merged meanwhile, again and again
    }
  }
}

const shasOf = (files: Record<string, Uint8Array>): Pushed =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, blobSha(bytes)]))

const blobSha = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

async function remember(file: string, pushed: Pushed): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(pushed))
  await rename(`${file}.new`, file)
}
