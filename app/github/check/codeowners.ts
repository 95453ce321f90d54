/** One line of a CODEOWNERS file. */
export type OwnerRule = { matches: RegExp; owners: readonly string[] }

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
  const rule = rules.findLast(({ matches }) => matches.test(path))
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

/** A pattern as .gitignore has them; but `docs/*` means the files of that folder and no deeper ones. */
function patternOf(pattern: string): RegExp {
  const isAnchored = pattern.slice(0, -1).includes('/')
  const path = pattern.replace(/^\//, '').replaceAll(/\*{3,}/g, '**')
  const source = path.replaceAll(/\*\*\/|\/\*\*$|\*+|\?|[^*?/]+|\//g, (part, offset: number) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '/**' && offset > 0) return '/.*'
    if (part.startsWith('*')) return '[^/]*'
    if (part === '?') return '[^/]'
    return part.replaceAll(/[\^$\\.*+?()[\]{}|/]/g, '\\$&')
  })
  const end = path.endsWith('/') ? '.*' : path.endsWith('/*') ? '' : '(?:/.*)?'
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${source}${end}$`, 'u')
}
