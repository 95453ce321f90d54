import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exists } from '../github/catalog/blobs.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Ends a build whose parent is gone. */
const END_WITH_PARENT = new URL('../../catalog/picture/end-with-parent.ts', import.meta.url).href
/** Of Astro's own words, the last ones say what is wrong. */
const WORDS_CHARACTERS_MAX = 2000
const BUILDS_KEPT = 3
/** Where a build comes to be, in its own folder; and where drawn pictures are kept, beside the builds. */
const OUT = 'out'
const PICTURES = '.pictures'
/** A build that hangs would keep the shop as it is for ever. */
const BUILD_MINUTES_MAX = 15
/** What a build left that was killed; none takes so long. */
const UNFINISHED_KEPT_MINUTES = 60

export type StorefrontOptions = {
  catalogFolder: string
  /** Where the shop is, for canonical addresses. */
  siteUrl: string
  /** Where the app answers, when it doesn't serve this storefront itself. */
  apiUrl?: string
  /** Where builds are kept, each under the hash of what it was made from. */
  buildsFolder: string
}

/** A catalog's pages can't be made. `words` are Astro's own, of which the last ones tell why. */
export class BuildError extends Error {
  readonly words: string
  constructor(output: string) {
    super(`the storefront could not be built:\n${output}`)
    this.name = 'BuildError'
    this.words = output.slice(-WORDS_CHARACTERS_MAX)
  }
}

/**
 * Builds the static storefront for a catalog and gives its folder. What was built before, from the same catalog and
 * the same site, is found again; a build appears whole or not at all. Rejects with a BuildError.
 */
export async function buildStorefront(options: StorefrontOptions): Promise<string> {
  const folder = resolve(options.buildsFolder, await fingerprint(options))
  if (await isThere(folder)) return folder
  const workFolder = resolve(options.buildsFolder, `.building-${randomUUID()}`)
  await mkdir(options.buildsFolder, { recursive: true })
  await sweepUnfinished(options.buildsFolder)
  try {
    await layOut(workFolder, resolve(options.buildsFolder, PICTURES))
    await runAstro(options, workFolder)
    await rename(join(workFolder, OUT), folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error // somebody else built the same meanwhile
    })
  } finally {
    await rm(workFolder, { recursive: true, force: true })
  }
  await forgetOldBuilds(options.buildsFolder)
  return folder
}

/** Astro writes beside what it reads, and our own code may be somebody else's: each build has a copy. */
async function layOut(workFolder: string, pictures: string): Promise<void> {
  for (const file of await codeFiles()) {
    const copy = join(workFolder, relative(ROOT, file))
    await mkdir(dirname(copy), { recursive: true })
    await writeFile(copy, await readFile(file))
  }
  await symlink(join(ROOT, 'node_modules'), join(workFolder, 'node_modules'))
  await mkdir(pictures, { recursive: true }) // drawn once, for all builds
  await mkdir(join(workFolder, '.tagsale'))
  await symlink(pictures, join(workFolder, '.tagsale/pictures'))
}

/** The site, and the code that reads a catalog for it. */
async function codeFiles(): Promise<string[]> {
  const catalog = (await filesIn(join(ROOT, 'catalog'))).filter((file) => file.endsWith('.ts'))
  const settings = ['package.json', 'astro.config.mjs', 'tsconfig.json'].map((name) => join(ROOT, name))
  return [...(await filesIn(join(ROOT, 'site'))), ...catalog, ...settings]
}

/** A hash of all that a build is made from: the catalog, the site, and the code that reads one for the other. */
async function fingerprint({ catalogFolder, siteUrl, apiUrl = '' }: StorefrontOptions): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([siteUrl, apiUrl]))
  for (const file of [...(await filesIn(resolve(catalogFolder))), ...(await codeFiles())]) {
    hash.update(relative(resolve(catalogFolder), file)).update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 16)
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** What a build needs of our environment: none of the shop's keys, which no page and no package of the site's is to see. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS']

/** The environment that a build runs in, of ours. */
export const buildEnvironment = (
  { catalogFolder, siteUrl, apiUrl = '' }: Omit<StorefrontOptions, 'buildsFolder'>,
  ours: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(PASSED_ON.flatMap((name) => (ours[name] === undefined ? [] : [[name, ours[name]]]))),
  ASTRO_TELEMETRY_DISABLED: '1',
  TAGSALE_CATALOG: resolve(catalogFolder),
  TAGSALE_SITE_URL: siteUrl,
  TAGSALE_API_URL: apiUrl,
})

function runAstro(options: StorefrontOptions, workFolder: string): Promise<void> {
  const astro = join(ROOT, 'node_modules/astro/bin/astro.mjs')
  const env = buildEnvironment(options, process.env)
  return new Promise((done, fail) => {
    const settings = {
      cwd: workFolder,
      env,
      stdio: 'pipe',
      timeout: BUILD_MINUTES_MAX * 60_000,
      killSignal: 'SIGKILL',
    } as const
    const child = spawn(
      process.execPath,
      ['--import', END_WITH_PARENT, astro, 'build', '--outDir', join(workFolder, OUT)],
      settings,
    )
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', fail)
    child.once('exit', (code) => (code === 0 ? done() : fail(new BuildError(output))))
  })
}

/** Found again, a build counts as new: it is the one that is shown. */
async function isThere(folder: string): Promise<boolean> {
  const now = new Date()
  return utimes(folder, now, now).then(
    () => true,
    () => false,
  )
}

async function forgetOldBuilds(folder: string): Promise<void> {
  const builds = (await aged(folder)).filter(({ name }) => !name.startsWith('.')).sort((a, b) => b.at - a.at)
  for (const { name } of builds.slice(BUILDS_KEPT)) await rm(join(folder, name), { recursive: true, force: true })
}

async function sweepUnfinished(folder: string): Promise<void> {
  const oldest = Date.now() - UNFINISHED_KEPT_MINUTES * 60_000
  const left = (await aged(folder)).filter(({ name, at }) => name.startsWith('.building-') && at < oldest)
  for (const { name } of left) await rm(join(folder, name), { recursive: true, force: true })
}

async function aged(folder: string): Promise<{ name: string; at: number }[]> {
  const names = (await readdir(folder).catch(gone)) ?? []
  return Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(gone))?.mtimeMs ?? 0 })),
  )
}

/** Not there yet, or another process, which shares the builds, was first. */
const gone = () => undefined
