import { appendFile, readFile, rm, truncate } from 'node:fs/promises'
import type { ParsedMail } from 'mailparser'

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

/** Mails, oldest first; kept over a restart when a file is given. */
export type Inbox = {
  mails(): readonly ReceivedMail[]
  /** Keeps a mail. Resolves when it is written. */
  keep(mail: ParsedMail, recipients: readonly string[], source: string): Promise<void>
  clear(): Promise<void>
}

/** Opens an inbox over a file with one mail as JSON in each line. Rejects when a line isn't one. */
export async function openInbox(file: string | undefined): Promise<Inbox> {
  const mails = file ? await load(file) : []
  let written = Promise.resolve()
  return {
    mails: () => mails,
    keep: (parsed, recipients, source) => {
      const mail = received((mails.at(-1)?.id ?? 0) + 1, parsed, recipients, source)
      mails.push(mail)
      if (file) written = written.then(() => appendFile(file, `${JSON.stringify(mail)}\n`))
      return written
    },
    clear: () => {
      mails.length = 0
      if (file) written = written.then(() => rm(file, { force: true }))
      return written
    },
  }
}

async function load(file: string): Promise<ReceivedMail[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole !== text) await truncate(file, Buffer.byteLength(whole)) // a crash cut the last line off
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ReceivedMail)
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
