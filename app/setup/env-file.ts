import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rename, rm } from 'node:fs/promises'

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/
const OWNER_ONLY = 0o600

/**
 * Puts these settings into a .env file. What else is in it stays as it is; the file appears whole or not at all, and
 * nobody but its owner may read it afterwards. Rejects with Node's own error when it can't be written.
 */
export async function writeSettings(file: string, settings: Record<string, string>): Promise<void> {
  const target = await realpath(file).catch(() => file) // a link stays a link
  const text = await readFile(target, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const unfinished = `${target}.${randomUUID()}.new`
  try {
    const handle = await open(unfinished, 'wx', OWNER_ONLY)
    try {
      await handle.writeFile(replaceSettings(text, settings))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, target)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** The settings as lines of a .env file. Values are ours: letters, digits, and what base64 has besides. */
export const settingLines = (settings: Record<string, string>): string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`)

/**
 * The text of a .env file with these settings in it: each where it was (the first place, if there are several), new ones
 * at the end. A value in quotes may span lines; what looks like a setting inside of another's value is none.
 */
export function replaceSettings(text: string, settings: Record<string, string>): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const missing = new Map(Object.entries(settings))
  const kept: string[] = []
  for (const { name, lines } of entriesOf(text)) {
    if (name === undefined || !(name in settings)) kept.push(...lines)
    else if (missing.has(name)) {
      kept.push(`${name}=${missing.get(name)}`)
      missing.delete(name)
    }
  }
  while (kept.at(-1) === '') kept.pop()
  const added = settingLines(Object.fromEntries(missing))
  const gap = kept.length > 0 && added.length > 0 ? [''] : []
  return `${[...kept, ...gap, ...added].join(end)}${end}`
}

type Entry = { name?: string; lines: string[] }

/** The file in pieces: a setting with all lines of its value, or one other line. */
function entriesOf(text: string): Entry[] {
  const lines = text.split(/\r?\n/)
  const entries: Entry[] = []
  for (let at = 0; at < lines.length; ) {
    const [, name, value = ''] = ASSIGNMENT.exec(lines[at] ?? '') ?? []
    const count = name === undefined ? 1 : linesOfValue(value, lines.slice(at + 1))
    const piece = lines.slice(at, at + count)
    entries.push(name === undefined ? { lines: piece } : { name, lines: piece })
    at += count
  }
  return entries
}

/** How many lines a value takes: to the quote that ends it, or one when it has no quote, or no end. */
function linesOfValue(value: string, following: readonly string[]): number {
  const [quote = ''] = /^["'`]/.exec(value) ?? []
  if (!quote || value.indexOf(quote, 1) > 0) return 1
  const rest = following.findIndex((line) => line.includes(quote))
  return rest < 0 ? 1 : rest + 2
}
