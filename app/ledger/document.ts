import type { Adapter } from 'lowdb'
import { absentAt } from '../github/absent.ts'
import { commitOnBranch } from '../github/commit-on-branch.ts'
import type { Repository } from '../github/repository-name.ts'

/** Where a document lies: a file on a branch, as of a commit. */
export type Place = { branch: string; commit: string; path: string }

/** A document in git, as lowdb has its adapters, and what is read and written with it. */
export type RepositoryDocument<Data> = Adapter<Data> & {
  /** Another file, as of the commit that the document was read at; nothing where there is none. */
  file(path: string): Promise<string | undefined>
  /** Whether a file or folder is there, as of that commit. */
  isThere(path: string): Promise<boolean>
  /** Says what to commit together with the document when it is written next, and what the commit is called. */
  alongside(files: ReadonlyMap<string, string>, message: string): void
}

/**
 * lowdb's adapter over a repository: read at one commit, and written on top of that commit only. Writing rejects with a
 * `BranchMovedError` when somebody else wrote meanwhile; then begin again.
 */
export function repositoryDocument<Data>(repository: Repository, place: Place): RepositoryDocument<Data> {
  const { branch, path } = place
  let { commit } = place
  let next = { files: new Map<string, string>() as ReadonlyMap<string, string>, message: `Write ${path}` }
  const at = (wanted: string) => contentAt(repository, commit, wanted)
  const file = async (wanted: string) => textOf(await at(wanted), wanted)
  return {
    file,
    isThere: async (wanted) => (await at(wanted)) !== undefined,
    async read() {
      const text = await file(path)
      return text === undefined ? null : (JSON.parse(text) as Data)
    },
    async write(data) {
      const files = new Map([...next.files, [path, `${JSON.stringify(data, null, 2)}\n`]])
      commit = await commitOnBranch(repository, { branch, expectedHead: commit, message: next.message, files })
    },
    alongside(files, message) {
      next = { files, message }
    },
  }
}

/** What lies there at a commit: https://docs.github.com/en/rest/repos/contents#get-repository-content */
async function contentAt({ octokit, names }: Repository, commit: string, path: string) {
  const found = await octokit.rest.repos.getContent({ ...names, path, ref: commit }).catch(absentAt(404))
  return found?.data
}

function textOf(content: Awaited<ReturnType<typeof contentAt>>, path: string): string | undefined {
  if (!content || Array.isArray(content) || content.type !== 'file') return undefined
  if (content.encoding !== 'base64') throw new Error(`${path} is too big to be read`)
  return Buffer.from(content.content, 'base64').toString('utf8')
}
