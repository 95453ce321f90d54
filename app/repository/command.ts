/** What a comment asks of us. */
export type Command =
  | { name: 'recheck' }
  | { name: 'approve'; sha: string }
  /** Addressed to us, and not understood; `word` is what stood there, with nothing but letters, digits and hyphens. */
  | { name: 'unknown'; word: string }

/** Longest comment that GitHub takes. */
const COMMENT_CHARACTERS_MAX = 65_536
const WORD_CHARACTERS_MAX = 30

/**
 * The first command of a comment: `/tagsale …` at the very start of a line. Quoted lines and code blocks are other people's words
 * or examples, so nothing in them counts. Nothing when the comment does not speak to us.
 */
export function parseCommand(body: string): Command | undefined {
  let fence: string | undefined
  for (const line of body.slice(0, COMMENT_CHARACTERS_MAX).split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined
      continue
    }
    fence = mark
    const words = /^\/tagsale(?=\s|$)(.*)$/.exec(line)?.[1]
    if (words !== undefined) return commandOf(words.trim().split(/\s+/))
  }
  return undefined
}

function commandOf([word = '', argument, ...more]: string[]): Command {
  if (word === 'recheck' && argument === undefined) return { name: 'recheck' }
  // The whole name: a commit whose first letters are those of another is made within minutes.
  if (word === 'approve' && argument && more.length === 0 && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(argument)) {
    return { name: 'approve', sha: argument.toLowerCase() }
  }
  return { name: 'unknown', word: word.replaceAll(/[^A-Za-z0-9-]/g, '').slice(0, WORD_CHARACTERS_MAX) }
}
