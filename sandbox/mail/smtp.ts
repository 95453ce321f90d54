import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { Listening } from '../listen.ts'
import type { Inbox } from './inbox.ts'

/** What goes wrong on purpose: nobody is served, or these addresses are unknown. */
export type MailFaults = { down: boolean; unknown: readonly string[] }

const MAIL_BYTES_MAX = 10_000_000
const CLOSE_AFTER_MS = 200

/**
 * Serves SMTP on a port of this machine; 0 takes any free one. Anybody may send, with or without a password, to anyone.
 * Rejects when the port is taken.
 */
export async function serveSmtp(inbox: Inbox, faults: () => MailFaults, port = 0): Promise<Listening> {
  const server = new SMTPServer({
    name: 'inbox.local',
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: MAIL_BYTES_MAX,
    closeTimeout: CLOSE_AFTER_MS,
    onAuth: (_auth, _session, callback) => callback(null, { user: 'anybody' }),
    onConnect: (_session, callback) => callback(busy(faults())),
    onMailFrom: (_address, _session, callback) => callback(busy(faults())),
    onRcptTo: ({ address }, _session, callback) => {
      callback(
        faults().unknown.includes(address) ? replyWith(550, `5.1.1 <${address}>: There is no such mailbox`) : null,
      )
    },
    onData: receive(inbox),
  })
  server.on('error', () => {}) // a client that hangs up is its own affair; a port that is taken rejects below
  const listening = server.listen(port, '127.0.0.1')
  await once(listening, 'listening')
  return {
    url: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const replyWith = (code: number, message: string): Error => Object.assign(new Error(message), { responseCode: code })
const busy = ({ down }: MailFaults) => (down ? replyWith(421, '4.3.2 The mail server is down, by wish') : null)

function receive(inbox: Inbox): NonNullable<SMTPServerOptions['onData']> {
  return async (stream, session, callback) => {
    try {
      const source = await buffer(stream)
      if (stream.sizeExceeded) return callback(replyWith(552, '5.3.4 The mail is too big'))
      const recipients = session.envelope.rcptTo.map(({ address }) => address)
      inbox.keep(await simpleParser(source), recipients, source.toString('latin1'))
      callback(null)
    } catch (error) {
      console.error('The mail stand-in could not keep a mail:', error)
      callback(replyWith(451, '4.3.0 The mail could not be kept'))
    }
  }
}
