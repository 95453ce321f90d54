import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { Octokit } from '@octokit/rest'

// In the sandbox, the catalog's folder on this machine is a working copy of the repository at GitHub's stand-in: what is
// edited here is pushed there, as `git push` would, and refused as that would be where it undoes what was merged meanwhile.

/** Files by path: git's blob SHA-1. */
type Shas = Record<string, string>

/** What came of a push: the commit, or the files whose merged changes it would have undone. */
export type Push = { commit: string } | { undoes: string[] }

export type WorkingCopy = {
  /** Pushes what was edited since the last time, one push after the other. Nothing when nothing was edited. */
  push: (options?: { evenSo?: boolean }) => Promise<Push | undefined>
  /** Brings here what was merged since the last time, and merges it into what was edited. Gives the files that were changed there. */
  pull: () => Promise<string[]>
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
  const [owner = '', repo = ''] = github.repository.split('/')
  const place = { owner, repo }
  const text = await readFile(memory, 'utf8').catch(() => undefined)
  /** What both had when they last met. */
  let met: Shas = text ? JSON.parse(text) : shasOf(await catalogFiles(folder))
  if (!text) await remember(memory, met)

  async function push({ evenSo = false } = {}): Promise<Push | undefined> {
    const files = await catalogFiles(folder)
    const now = shasOf(files)
    const edited = different(now, met)
    if (edited.length === 0) return undefined
    const isEdited = (path: string) => edited.includes(path)
    for (let tries = 1; ; tries += 1) {
      const there = await headOf(octokit, place)
      const undoes = different(there.shas, met).filter((path) => isEdited(path) && there.shas[path] !== now[path])
      if (undoes.length > 0 && !evenSo) return { undoes }
      try {
        const commit = await commitOn(octokit, github.repository, there, { files, edited })
        met = keepOnly({ ...met, ...pick(now, edited) }, (path) => !isEdited(path) || path in now)
        await remember(memory, met)
        return { commit }
      } catch (error) {
        if (tries === TRIES) throw error // somebody merged meanwhile, again and again
      }
    }
  }

  async function pull(): Promise<string[]> {
    const now = shasOf(await catalogFiles(folder))
    const { shas } = await headOf(octokit, place)
    const changed = different(shas, met)
    const blob = async (sha: string) =>
      Buffer.from((await octokit.rest.git.getBlob({ ...place, file_sha: sha })).data.content, 'base64')
    for (const path of changed) {
      const file = join(folder, path.slice('catalog/'.length))
      const [mine, base, theirs] = [now[path], met[path], shas[path]]
      if (mine === theirs) continue
      if (theirs === undefined) {
        if (mine === base) await rm(file)
        continue // edited here, and not lost for that
      }
      await mkdir(dirname(file), { recursive: true })
      if (mine === base || mine === undefined) await writeFile(file, await blob(theirs))
      else await mergeInto(file, base === undefined ? Buffer.alloc(0) : await blob(base), await blob(theirs))
    }
    met = shas
    await remember(memory, met)
    return changed
  }

  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const acting = turn.then(act)
    turn = acting.catch(() => {})
    return acting
  }
  return { push: (options) => inTurn(() => push(options)), pull: () => inTurn(pull) }
}

type Place = { owner: string; repo: string }
type Head = { commit: string; shas: Shas }

/** What the default branch has of the catalog. */
async function headOf(octokit: Octokit, place: Place): Promise<Head> {
  const { data: head } = await octokit.rest.git.getRef({ ...place, ref: 'heads/main' })
  const { data } = await octokit.rest.git.getTree({ ...place, tree_sha: head.object.sha, recursive: '1' })
  const files = data.tree.filter(({ path, type }) => type === 'blob' && isCatalogs(path))
  return { commit: head.object.sha, shas: Object.fromEntries(files.map(({ path, sha }) => [path, sha])) }
}

type Edits = { files: Record<string, Uint8Array>; edited: readonly string[] }

/** One commit on the default branch, on top of what was read there. */
async function commitOn(octokit: Octokit, repository: string, { commit, shas }: Head, { files, edited }: Edits) {
  const additions = edited.flatMap((path) => {
    const bytes = files[path]
    return bytes ? [{ path, contents: Buffer.from(bytes).toString('base64') }] : []
  })
  const deletions = edited.filter((path) => !files[path] && shas[path]).map((path) => ({ path }))
  const { createCommitOnBranch } = await octokit.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(
    'mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }',
    {
      input: {
        branch: { repositoryNameWithOwner: repository, branchName: 'main' },
        expectedHeadOid: commit,
        message: { headline: MESSAGE },
        fileChanges: { additions, deletions },
      },
    },
  )
  return createCommitOnBranch.commit.oid
}

/** Merges into a file as git does: where both changed the same lines, both are there, between marks. */
async function mergeInto(file: string, base: Buffer, theirs: Buffer): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-merge-'))
  try {
    await writeFile(join(folder, 'base'), base)
    await writeFile(join(folder, 'merged'), theirs)
    const args = ['merge-file', '-L', 'here', '-L', 'before', '-L', 'merged', file, join(folder, 'base')]
    await promisify(execFile)('git', [...args, join(folder, 'merged')]).catch((error: { code?: unknown }) => {
      // The number of conflicts; what is no text, or has no git, is left as it is here.
      if (typeof error.code !== 'number' || error.code > 127) throw error
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

const shasOf = (files: Record<string, Uint8Array>): Shas =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, blobSha(bytes)]))

/** The paths at which they differ, in order. */
const different = (one: Shas, other: Shas): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((path) => one[path] !== other[path]).toSorted()

const pick = (shas: Shas, paths: readonly string[]): Shas => keepOnly(shas, (path) => paths.includes(path))
const keepOnly = (shas: Shas, isKept: (path: string) => boolean): Shas =>
  Object.fromEntries(Object.entries(shas).filter(([path]) => isKept(path)))

const blobSha = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

async function remember(file: string, met: Shas): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(met))
  await rename(`${file}.new`, file)
}
