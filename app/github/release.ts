import type { RestEndpointMethodTypes } from '@octokit/rest'
import type { ReleaseFile } from '../../catalog/schema/asset.ts'
import type { Parts } from '../parts.ts'
import { askOnce, limitSeconds } from './busy.ts'
import { ANSWER_SECONDS_MAX, type GitHubFile, NoAccessError } from './client.ts'
import type { Repository } from './repository-name.ts'

/** How a buyer gets the bytes: at GitHub's short-lived address, or, now and then, straight from its answer. */
export type OpenedReleaseFile = { redirect: string } | { stream: ReadableStream; headers: Record<string, string> }

/**
 * GitHub doesn't give the file. `missing`: it isn't there, or our App may not read it; a person must look.
 * `changed`: other bytes lie there than were approved; a person must look.
 * `unavailable`: GitHub is down or limits us; it is worth another try after `retryAfterSeconds`.
 */
export class ReleaseFileError extends Error {
  readonly reason: 'missing' | 'changed' | 'unavailable'
  readonly retryAfterSeconds: number
  /** Whether GitHub told us to wait. */
  readonly isLimit: boolean
  constructor(
    reason: 'missing' | 'changed' | 'unavailable',
    message: string,
    options: { retryAfterSeconds?: number; isLimit?: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.name = 'ReleaseFileError'
    this.reason = reason
    this.retryAfterSeconds = options.retryAfterSeconds ?? RETRY_AFTER_SECONDS
    this.isLimit = options.isLimit ?? false
  }
}

/** `mayAsk` is called before GitHub has to be asked, and throws where that is too much for whoever this is. */
type GitHubParts = Pick<Parts, 'github' | 'now'> & { mayAsk?: () => Promise<void> }
type GitHubAsset = Pick<
  RestEndpointMethodTypes['repos']['getReleaseAsset']['response']['data'],
  'id' | 'name' | 'size' | 'digest' | 'state'
>

const RETRY_AFTER_SECONDS = 30
/** Not there, or hidden from us. Other refusals (401, 403) come from keys, clocks and incidents, and pass. */
const MISSING_STATUSES = new Set([404, 410, 422])
const FACTS_FRESH_SECONDS = 300
/** GitHub's addresses work for five minutes: who is given one has three of them to begin. */
const ADDRESS_PASSED_ON_SECONDS = 120
/** What is missing, or limited, is asked for again after so long. */
const REFUSAL_SECONDS_MAX = 10

/** With so many files or more, the rest may be on further pages. */
export const SHOWN_WITH_RELEASE_MAX = 30

/**
 * What GitHub says of a file, found by tag and name; remembered for five minutes, and for longer while GitHub is down.
 * Throws a ReleaseFileError. https://docs.github.com/en/rest/releases/releases#get-a-release-by-tag-name
 */
export async function describeReleaseFile(parts: GitHubParts, file: ReleaseFile): Promise<GitHubFile> {
  const { seenFiles } = parts.github
  const seen = seenFiles.get(keyOf(file))
  if (seen && parts.now().getTime() - seen.at < FACTS_FRESH_SECONDS * 1000) return seen.file
  try {
    return await once(parts, `describe ${keyOf(file)}`, 0, async () => {
      const found = await lookUp(parts, file).catch((error) => Promise.reject(failureOf(parts, file, error)))
      seenFiles.set(keyOf(file), { file: found, at: parts.now().getTime() })
      return found
    })
  } catch (error) {
    if (!(error instanceof ReleaseFileError)) throw error
    if (error.reason === 'unavailable' && seen) return seen.file
    seenFiles.delete(keyOf(file))
    throw error
  }
}

/**
 * Where a buyer gets the file's bytes: an address of GitHub's that works for some minutes and serves every buyer meanwhile, or a
 * stream with the headers to pass on. Whoever has the address has the file, so it must not be written down or logged.
 * `check` looks at what GitHub has before it is opened, and throws to refuse it.
 * Throws a ReleaseFileError. https://docs.github.com/en/rest/releases/assets#get-a-release-asset
 */
export async function openReleaseFile(
  parts: GitHubParts,
  file: ReleaseFile,
  check: (facts: GitHubFile) => void = () => {},
): Promise<OpenedReleaseFile> {
  const openChecked = async (facts: GitHubFile) => {
    check(facts)
    return openForAll(parts, file, facts)
  }
  const facts = await describeReleaseFile(parts, file)
  try {
    return await openChecked(facts)
  } catch (error) {
    if (!(error instanceof ReleaseFileError) || error.reason === 'unavailable') throw error
    // A file that was replaced has the same name and another id. Of several who find out, one asks anew.
    const found = await once(parts, `again ${facts.id} ${keyOf(file)}`, REFUSAL_SECONDS_MAX, () => {
      parts.github.seenFiles.delete(keyOf(file))
      return describeReleaseFile({ github: parts.github, now: parts.now }, file)
    })
    if (found.id === facts.id) throw error
    return openChecked(found)
  }
}

/** One question for all buyers of a file; a stream serves one of them alone. */
async function openForAll(parts: GitHubParts, file: ReleaseFile, facts: GitHubFile): Promise<OpenedReleaseFile> {
  const ask = () => open(parts, file, facts).catch((error) => Promise.reject(failureOf(parts, file, error)))
  const seconds = (opened: OpenedReleaseFile) => ('redirect' in opened ? ADDRESS_PASSED_ON_SECONDS : 0)
  let own: OpenedReleaseFile | undefined
  const opened = await once(parts, `open ${facts.id} ${keyOf(file)}`, seconds, async () => (own = await ask()))
  if ('redirect' in opened || opened === own) return opened
  await parts.mayAsk?.()
  return ask()
}

/** Asks on the account of whoever comes first; who would have to wait is no reason for the others to. */
async function once<Answer>(
  { github: { shared }, now, mayAsk }: GitHubParts,
  key: string,
  seconds: number | ((answer: Answer) => number),
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const kept = { answer: typeof seconds === 'number' ? () => seconds : seconds, failure: secondsOfFailure }
  let isFirst = false
  const askFirst = async () => {
    isFirst = true
    await mayAsk?.()
    return ask()
  }
  try {
    return await askOnce({ shared, now }, key, askFirst, kept)
  } catch (error) {
    if (error instanceof ReleaseFileError || isFirst) throw error
    await mayAsk?.()
    return askOnce({ shared, now }, key, ask, kept)
  }
}

/** What is a person's to mend, or limited by GitHub, is not asked for again at once; an outage may be over. */
function secondsOfFailure(error: unknown): number {
  const isKept = error instanceof ReleaseFileError && (error.reason === 'missing' || error.isLimit)
  return isKept ? Math.min(error.retryAfterSeconds, REFUSAL_SECONDS_MAX) : 0
}

const keyOf = ({ repository, tag, file }: ReleaseFile) => [repository, tag, file].join('\n')

/**
 * What GitHub has now in a file's release, nothing remembered: every file of it, none when the release is not there.
 * Throws Octokit's errors, and a NoAccessError where the App may not enter.
 */
export async function describeRelease(
  { githubApp }: Pick<Parts, 'githubApp'>,
  { repository, tag }: Pick<ReleaseFile, 'repository' | 'tag'>,
): Promise<GitHubFile[]> {
  const entered = await githubApp.forRepository(repository, { contents: 'read', metadata: 'read' })
  return filesAt(entered, tag).catch(async (error: { status?: number }) => {
    if (error.status !== 404) throw error
    // A token is good for an hour, also where its repository was taken from it: then everything in there is 404.
    await entered.octokit.rest.repos.get(entered.names).catch((hidden: { status?: number }) => {
      throw hidden.status === 404 ? new NoAccessError(repository, hidden) : hidden
    })
    return []
  })
}

async function lookUp(parts: GitHubParts, file: ReleaseFile): Promise<GitHubFile> {
  const files = await filesAt(await parts.github.forRepository(file.repository), file.tag)
  const found = files.find(({ name }) => name === file.file)
  if (!found) throw new ReleaseFileError('missing', `${wordsFor(file)}: the release has no such file`, {})
  return found
}

async function filesAt(repository: Repository, tag: string): Promise<GitHubFile[]> {
  const { data } = await repository.octokit.rest.repos.getReleaseByTag({ ...repository.names, tag })
  return filesOf(repository, data)
}

type Release = { id: number; assets: GitHubAsset[] }

/** The files of a release that are there in full. GitHub shows the first of them with the release, then by page. */
export async function filesOf({ octokit, names }: Repository, release: Release): Promise<GitHubFile[]> {
  if (release.assets.length < SHOWN_WITH_RELEASE_MAX) return wholeFiles(release.assets)
  const listed = { ...names, release_id: release.id, per_page: 100 }
  return wholeFiles(await octokit.paginate(octokit.rest.repos.listReleaseAssets, listed))
}

/** Those that were uploaded to the end. */
export const wholeFiles = (assets: readonly GitHubAsset[]): GitHubFile[] =>
  assets
    .filter(({ state }) => state === 'uploaded')
    .map(({ id, name, size, digest }) => {
      return { id, name, size, sha256: /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1] ?? null }
    })

/** The answer must come soon; its body may take as long as the buyer's line needs. */
async function open(parts: GitHubParts, file: ReleaseFile, facts: GitHubFile): Promise<OpenedReleaseFile> {
  const { octokit, names } = await parts.github.forRepository(file.repository)
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), ANSWER_SECONDS_MAX * 1000)
  try {
    const answer = await octokit.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
      ...names,
      asset_id: facts.id,
      headers: { accept: 'application/octet-stream' },
      request: { redirect: 'manual', parseSuccessResponseBody: false, signal: patience.signal },
    })
    const stream = answer.data as unknown as ReadableStream
    const { location } = answer.headers
    if (!location) return { stream, headers: headersFor(facts) }
    await stream?.cancel()
    return { redirect: new URL(location, answer.url).href }
  } finally {
    clearTimeout(timer)
  }
}

const headersFor = (facts: GitHubFile): Record<string, string> => ({
  'content-type': 'application/octet-stream',
  'content-length': String(facts.size),
  'content-disposition': `attachment; filename="${facts.name}"`,
})

const wordsFor = ({ repository, tag, file }: ReleaseFile) => `${file} in release ${tag} of ${repository}`

/** Octokit's error in our words: 403 and 429 with a limit, 5xx and no answer at all are GitHub's, the rest is ours to mend. */
function failureOf(parts: GitHubParts, file: ReleaseFile, error: unknown): ReleaseFileError {
  if (error instanceof ReleaseFileError) return error
  const { status, message, response } = error as {
    status?: number
    message?: string
    response?: { headers: Record<string, string | undefined> }
  }
  if (status === undefined) throw error
  const wait = limitSeconds(response?.headers ?? {}, parts.now())
  const isLimited = status === 429 || (status === 403 && wait !== undefined)
  if (!isLimited && MISSING_STATUSES.has(status)) {
    return new ReleaseFileError('missing', `${wordsFor(file)}: GitHub answers ${status}, ${message}`, { cause: error })
  }
  const details = { cause: error, isLimit: isLimited, ...(wait === undefined ? {} : { retryAfterSeconds: wait }) }
  return new ReleaseFileError('unavailable', `GitHub gives no answer: ${status}, ${message}`, details)
}
