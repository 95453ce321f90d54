import type { ParsedMail } from 'mailparser'
import { type Keeper, NO_KEEPER, openKeeper } from '../keeper.ts'

/** A mail as it arrived: `to` is who really gets it, `source` is the mail itself. `html` and `text` may be empty. */
export type ReceivedMail = {
  id: number
  messageId: string
  from: string
  to: string
  subject: string
  text: string
  html: string
  at: string
  source: string
}

/** Older ones go: all of them are in memory, and in one file. */
export const MAILS_KEPT_MAX = 1000

/** Mails, oldest first. */
export type Inbox = {
  mails(): readonly ReceivedMail[]
  keep(mail: ParsedMail, recipients: readonly string[], source: string): void
  clear(): void
  /** Resolves when all that came so far is written. */
  kept: Keeper['kept']
}

/** Opens an inbox, kept over a restart where a file is given. Rejects when the file can't be read. */
export async function openInbox(file: string | undefined): Promise<Inbox> {
  const { found, keep } = file ? await openKeeper<ReceivedMail[]>(file) : { found: null, keep: () => NO_KEEPER }
  const mails = found ?? []
  const { changed, kept } = keep(mails)
  return {
    mails: () => mails,
    keep: (parsed, recipients, source) => {
      mails.push(received((mails.at(-1)?.id ?? 0) + 1, parsed, recipients, source))
      if (mails.length > MAILS_KEPT_MAX) mails.shift()
      changed()
    },
    clear: () => {
      mails.length = 0
      changed()
    },
    kept,
  }
}

const received = (id: number, mail: ParsedMail, recipients: readonly string[], source: string): ReceivedMail => ({
  id,
  messageId: mail.messageId ?? '',
  from: mail.from?.text ?? '',
  to: recipients.join(', '),
  subject: mail.subject ?? '',
  text: mail.text ?? '',
  html: mail.html || '',
  at: new Date().toISOString(),
  source,
})
