import { type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import type { Config } from './config.ts'

// Addresses of orders and downloads hold keys, and buyers' mail addresses turn up in other people's error texts.
const SECRETS = [
  [/([?&](?:key|signature)=)[\w-]+/g, '$1…'],
  [/\b(?:sk|rk)_(?:test|live)_\w+/g, 'sk_…'],
  [/\bwhsec_\w+/g, 'whsec_…'],
  [/\bgh[pousr]_[\w.-]{20,}/g, 'ghs_…'],
  [/[^\s<>"'@:/]{1,64}@[^\s<>"'@:/]{1,255}\.\w{1,63}/g, '…@…'],
] as const

/** Text without secrets or mail addresses. */
export const withoutSecrets = (text: string): string =>
  SECRETS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text)

/** Lines of JSON on the standard output, with nothing personal or secret in them. */
export const createLog = (
  { LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>,
  destination?: { write(line: string): void },
): Logger => {
  const options: LoggerOptions = {
    level: LOG_LEVEL,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    hooks: { streamWrite: withoutSecrets },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** A line for whoever starts the shop, in the log's form. It comes whatever LOG_LEVEL is, and may hold a key, as no line of the log does. */
export const noticeLine = (msg: string, now: Date): string =>
  `${JSON.stringify({ level: 30, time: now.toISOString(), notice: true, msg })}\n`

/** What an error says and where it arose. Its other fields may hold requests with bodies and headers. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack } = error
  const { code, status, requestId } = error as { code?: unknown; status?: unknown; requestId?: unknown }
  return { name, message, code, status, stripeRequest: requestId, stack }
}

/** What is wrong around this process as long as it is: for the log once, and for `/readyz`, the desk and `tagsale doctor`. */
export type Notices = {
  /** Says what is wrong, in a sentence for whoever runs the shop. */
  tell: (about: NoticeAbout, sentence: string) => void
  settle: (about: NoticeAbout) => void
  all: () => readonly string[]
}
export type NoticeAbout = 'proxies' | 'stripe clock' | 'github clock' | 'disk'

/** None yet. */
export function createNotices(log: Pick<Logger, 'error' | 'info'>): Notices {
  const told = new Map<NoticeAbout, string>()
  return {
    tell(about, sentence) {
      if (!told.has(about)) log.error({ about }, sentence)
      told.set(about, sentence)
    },
    settle(about) {
      if (told.delete(about)) log.info({ about }, 'well again')
    },
    all: () => [...told.values()],
  }
}
