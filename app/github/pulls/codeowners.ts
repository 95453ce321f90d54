/** One line of a CODEOWNERS file. */
export type OwnerRule = { matches: (path: string) => boolean; owners: readonly string[] }

/** Who owns a path: people by login in lower case, and those we can't look into (teams, mail addresses) as written. */
export type Owners = { people: readonly string[]; others: readonly string[] }

/** Where GitHub looks for the file, in this order; the first one counts. */
export const CODEOWNERS_PATHS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const
/** GitHub reads no larger one. */
export const CODEOWNERS_BYTES_MAX = 3 * 1024 * 1024
const RULES_MAX = 5000
const PATTERN_CHARACTERS_MAX = 300

/**
 * Reads a CODEOWNERS file. Lines that GitHub skips are skipped: those with `!` or `[` in their pattern.
 * https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
export function parseCodeowners(text: string): OwnerRule[] {
  return text
    .split(/\r?\n/)
    .slice(0, RULES_MAX)
    .flatMap((line) => {
      const [pattern, ...owners] = wordsOf(line)
      if (!pattern || pattern.length > PATTERN_CHARACTERS_MAX || /^!|[[\]]/.test(pattern)) return []
      return [{ matches: patternOf(pattern), owners }]
    })
}

/** Who owns a path: the last rule that fits decides. Nobody when no rule fits, or when that rule names nobody. */
export function ownersOf(rules: readonly OwnerRule[], path: string): Owners | null {
  const rule = rules.findLast(({ matches }) => matches(path))
  if (!rule || rule.owners.length === 0) return null
  const people = rule.owners.filter((owner) => /^@[^/]+$/.test(owner))
  const others = rule.owners.filter((owner) => !people.includes(owner))
  return { people: people.map((owner) => owner.slice(1).toLowerCase()), others }
}

/** The words of a line up to a comment; a blank after a backslash belongs to its word. */
function wordsOf(line: string): string[] {
  const words = line.trim().match(/(?:\\.|[^\s\\])+/g) ?? []
  const comment = words.findIndex((word) => word.startsWith('#'))
  return (comment < 0 ? words : words.slice(0, comment)).map((word) => word.replaceAll(/\\(.)/g, '$1'))
}

/**
 * A pattern as .gitignore has them; but `docs/*` means the files of that folder and no deeper ones. Without regular expressions:
 * one made of many stars would take minutes.
 */
function patternOf(pattern: string): (path: string) => boolean {
  const isAnchored = pattern.slice(0, -1).includes('/')
  const parts = pattern.split('/').filter((part, index, all) => part !== '' || (index > 0 && index < all.length - 1))
  const wanted = isAnchored ? parts : ['**', ...parts]
  if (pattern.endsWith('/')) wanted.push('**', '*')
  const goesDeeper = wanted.at(-1) !== '*'
  return (path) => matchesParts(wanted, path.split('/'), goesDeeper)
}

/** Holds the parts of a pattern against those of a path, part by part: `reached` are the parts of the path that fit so far. */
function matchesParts(wanted: readonly string[], given: readonly string[], goesDeeper: boolean): boolean {
  let reached = new Set([0])
  for (const part of wanted) {
    const next = new Set<number>()
    for (const at of reached) {
      if (part === '**') for (let to = at; to <= given.length; to += 1) next.add(to)
      else if (at < given.length && matchesPart(part, given[at] ?? '')) next.add(at + 1)
    }
    reached = next
  }
  return reached.has(given.length) || (goesDeeper && reached.size > 0)
}

/** `*` stands for any letters and `?` for one. A star that fails to fit only ever moves on by one letter. */
function matchesPart(pattern: string, text: string): boolean {
  let [at, star, from] = [0, -1, 0]
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') [star, from, at] = [at, index, at + 1]
    else if (pattern[at] === '?' || (at < pattern.length && pattern[at] === text[index]))
      [at, index] = [at + 1, index + 1]
    else if (star >= 0) [from, at, index] = [from + 1, star + 1, from + 1]
    else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
