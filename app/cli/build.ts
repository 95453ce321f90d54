import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { loadCatalog } from '../../catalog/load.ts'
import { productCount } from '../../catalog/offer.ts'
import { printProblems } from '../../catalog/problem/problem.ts'
import { buildStorefront } from '../live/build-storefront.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import type { Terminal } from './terminal.ts'

type Command = { folder: string; url: string; out: string; app?: string }

/**
 * `tagsale build [folder] --url URL --out FOLDER [--app URL]`: the storefront of a catalog, for any static host. 0 when it
 * is built, 1 when the catalog has problems, 2 when the command has, or the folder for it is taken.
 */
export async function build(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = readCommand(args)
  if ('wrong' in command) return refuseCommand(terminal, command.wrong)
  const wrong = await refuseFolder(command.out)
  if (wrong !== undefined) return refuseCommand(terminal, wrong)
  const loaded = await loadCatalog(command.folder)
  if ('problems' in loaded) {
    terminal.error(printProblems(loaded.problems, relative('.', command.folder) || '.'))
    return 1
  }
  await buildInto(command)
  const where = command.app ? `; its buyers are sent to ${command.app}` : ''
  terminal.out(`${productCount(loaded.catalog)}, for ${command.url}, in ${command.out}${where}.\n`)
  return 0
}

async function buildInto({ folder, url, out, app }: Command): Promise<void> {
  const buildsFolder = await mkdtemp(join(tmpdir(), 'tagsale-build-'))
  try {
    const isElsewhere = app !== undefined && app !== url
    const built = await buildStorefront({
      catalogFolder: folder,
      siteUrl: url,
      ...(isElsewhere ? { apiUrl: app } : {}),
      buildsFolder,
    })
    await cp(built, out, { recursive: true })
  } finally {
    await rm(buildsFolder, { recursive: true, force: true })
  }
}

function readCommand(args: readonly string[]): Command | { wrong: string } {
  const text = { type: 'string' } as const
  const read = readArguments(args, { allowPositionals: true, options: { url: text, out: text, app: text } })
  if ('wrong' in read) return read
  const { values, positionals } = read
  const { url, out, app } = values
  if (positionals.length > 1) return { wrong: 'One catalog is built at a time.' }
  if (!url) return { wrong: 'Where will the storefront be? Say --url https://www.example.org.' }
  if (!out) return { wrong: 'Where should it be put? Say --out FOLDER.' }
  const bad = [url, app].find((address) => address !== undefined && !isOrigin(address))
  if (bad !== undefined) return { wrong: `"${bad}" is no address such as https://www.example.org, without a path.` }
  const addresses = { url: withoutSlash(url), ...(app ? { app: withoutSlash(app) } : {}) }
  return { folder: positionals[0] ?? 'catalog', out, ...addresses }
}

/** The storefront's links begin at the root, so it can't live below a path. */
const isOrigin = (text: string): boolean => /^https?:\/\/[^/?#\s]+\/?$/.test(text) && URL.canParse(text)
const withoutSlash = (address: string): string => address.replace(/\/$/, '')

/** Nobody's files are overwritten, or mixed with the storefront's. */
async function refuseFolder(out: string): Promise<string | undefined> {
  try {
    return (await readdir(out)).length > 0 ? `${out} is not empty: empty it, or choose another folder.` : undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : `${out} can't be used (${code}).`
  }
}
