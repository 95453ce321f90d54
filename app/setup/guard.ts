import { hash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../order/id.ts'

const CODE_CHARACTERS = 16 // 79 bits, in groups of four
const SECRET_BYTES = 32
const WRONG_CODES_PER_MINUTE = 5
const STATE_LIFETIME_MINUTES = 60 // GitHub gives as long for the whole flow
const STATES_MAX = 20
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'.toUpperCase() // nothing to misread

/** What came of a guess: the cookie of the one who may go on, or why not. */
export type Entered = { session: string } | { refused: 'wrong' | 'used' | 'wait' }

/** Who may set the shop up: whoever reads the terminal it was started in, in one browser. */
export type Guard = {
  /** To be typed into the page, once: `KXQF-7N2M-…`. */
  code: string
  /** Exchanges the code for a session, once. Wrong codes are counted: a few a minute, then they are told to wait. */
  enter: (guess: string) => Entered
  /** Whether this cookie is the session that the code was exchanged for. */
  isEntered: (cookie: string | undefined) => boolean
  /** A new `state` for GitHub's form, good for an hour. */
  newState: () => string
  /** Whether the state is one of ours that is still good; it is good no more afterwards. */
  redeemState: (state: string) => boolean
}

/** Makes the guard of one setup. Secrets are kept as hashes, and compared in constant time. */
export function createGuard({ random, now }: { random: Random; now: () => Date }): Guard {
  const code = codeFrom(random(CODE_CHARACTERS * 2))
  let session: Buffer | undefined
  let wrong: number[] = []
  const states = new Map<string, number>()

  return {
    code,
    enter(guess) {
      const at = now().getTime()
      wrong = wrong.filter((earlier) => at - earlier < 60_000)
      if (!isSame(digest(plain(guess)), digest(plain(code)))) {
        if (wrong.length >= WRONG_CODES_PER_MINUTE) return { refused: 'wait' }
        wrong.push(at)
        return { refused: 'wrong' }
      }
      // The right one never waits: nobody guesses 79 bits, and a stranger's guesses must not keep the owner out.
      if (session) return { refused: 'used' }
      const cookie = secretFrom(random)
      session = digest(cookie)
      return { session: cookie }
    },
    isEntered: (cookie) => cookie !== undefined && session !== undefined && isSame(digest(cookie), session),
    newState() {
      const [oldest] = states.keys()
      if (states.size >= STATES_MAX && oldest !== undefined) states.delete(oldest)
      const state = secretFrom(random)
      states.set(keyOf(state), now().getTime() + STATE_LIFETIME_MINUTES * 60_000)
      return state
    },
    redeemState(state) {
      const until = states.get(keyOf(state))
      states.delete(keyOf(state))
      return until !== undefined && now().getTime() < until
    },
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')
const keyOf = (state: string): string => hash('sha256', state)
const isSame = (one: Buffer, other: Buffer): boolean => timingSafeEqual(one, other)
const secretFrom = (random: Random): string => Buffer.from(random(SECRET_BYTES)).toString('base64url')

/** As people type it: any case, with or without the dashes. */
const plain = (code: string): string => code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')

/** Two bytes for each character, so that none is likelier than another by more than a trace. */
function codeFrom(bytes: Uint8Array): string {
  const pairs = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const characters = Array.from({ length: CODE_CHARACTERS }, (_, place) => {
    return ALPHABET[pairs.getUint16(place * 2) % ALPHABET.length]
  })
  return (characters.join('').match(/.{4}/g) ?? []).join('-')
}
