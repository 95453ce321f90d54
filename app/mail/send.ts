import { createTransport, type SendMailOptions } from 'nodemailer'
import type { Mail } from '../parts.ts'

export type MailServer = {
  /** `smtp://host:port`, or `smtps://` for TLS from the first byte; with `user:password@` where it is asked for. */
  url: string
  /** `Name <address>`, or an address alone. */
  from: string
}

/** Sends a mail; `close` lets the connections go. */
export type SendMail = ((mail: Mail) => Promise<void>) & { close(): void }

/**
 * A mail wasn't sent. `permanent`: this address will never work; otherwise it is worth another try, later.
 * The message doesn't name the recipient: it may be logged.
 */
export class MailError extends Error {
  readonly permanent: boolean
  constructor(message: string, permanent: boolean) {
    super(message)
    this.name = 'MailError'
    this.permanent = permanent
  }
}

const ANSWER_SECONDS_MAX = 10
const CONNECTIONS_MAX = 3
const ADDRESS_CHARACTERS_MAX = 254 // RFC 5321, 4.5.3.1.3

/**
 * Makes a sender over SMTP. It resolves when the server has taken the mail and throws a MailError otherwise; a mail
 * sent twice has one Message-ID. Subjects lose line breaks and whatever else can't be seen. Throws when `from` is no sender.
 */
export function connectMail({ url, from }: MailServer): SendMail {
  const domain = /^(?:[^\p{Cc}<>]*<)?[^\s<>@]+@([a-z0-9-]+(?:\.[a-z0-9-]+)*)>?$/iu.exec(from)?.[1]
  if (!domain) throw new Error(`A sender is written "Name <shop@example.org>", not "${from}".`)
  const timeout = ANSWER_SECONDS_MAX * 1000
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    maxRequeues: 0, // a lost connection is the job's to try again, in its own time
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const send = async (mail: Mail) => {
    if (!isAddress(mail.to)) throw new MailError('The recipient is not a mail address.', true)
    await transport.sendMail(messageOf(mail, from, domain)).catch((error) => Promise.reject(failureOf(error)))
  }
  return Object.assign(send, { close: () => transport.close() })
}

/** One plain address: no name, no list, no comment, nothing that a header could be made of. */
function isAddress(text: string): boolean {
  return text.length <= ADDRESS_CHARACTERS_MAX && /^[^\s\p{C}<>()[\]:;,@"\\]+@[^\s\p{C}<>()[\]:;,@"\\]+$/u.test(text)
}

const messageOf = (mail: Mail, from: string, domain: string): SendMailOptions => ({
  from,
  to: { name: '', address: mail.to },
  ...(mail.replyTo && isAddress(mail.replyTo) && { replyTo: { name: '', address: mail.replyTo } }),
  subject: mail.subject.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' '),
  text: mail.text,
  html: mail.html,
  messageId: `<${atomOf(mail.id)}@${domain}>`,
  headers: { 'Auto-Submitted': 'auto-generated' },
})

/** The id in the characters that a Message-ID may have; other ids stay other ids. */
const atomOf = (id: string): string => id.replace(/[^\w-]/gu, (other) => `=${Buffer.from(other).toString('hex')}`)

/**
 * The server's word on the recipient is final (5xx to RCPT TO); anything else may change. What the server writes is left
 * out: it may name the recipient, spelled in ways that we can't foresee.
 */
function failureOf(error: Error & { code?: string; command?: string; responseCode?: number }): Error {
  if (!error.code) return error
  const permanent = error.command === 'RCPT TO' && (error.responseCode ?? 0) >= 500
  return new MailError([error.code, error.command, error.responseCode].filter(Boolean).join(' '), permanent)
}
