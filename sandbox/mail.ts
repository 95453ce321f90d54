import { Hono } from 'hono'
import { z } from 'zod'
import { listen } from './listen.ts'
import { openInbox } from './mail/inbox.ts'
import { inboxPages } from './mail/pages.ts'
import { type MailFaults, serveSmtp } from './mail/smtp.ts'

export type MailOptions = {
  smtpPort?: number
  httpPort?: number
  /** Where mails are kept over a restart. */
  stateFile?: string
}

const FaultsRequest = z.strictObject({
  /** 421 to everyone. */
  down: z.boolean().default(false),
  /** Addresses that are answered 550. */
  unknown: z.array(z.string()).default([]),
})

/**
 * Starts a stand-in for a mail server: SMTP that takes everything, and an inbox to read it in a browser.
 * `smtpUrl` is for who sends, `url` for who reads. Rejects when a port is taken.
 */
export async function startMail(options: MailOptions) {
  const inbox = await openInbox(options.stateFile)
  let faults: MailFaults = { down: false, unknown: [] }
  const app = new Hono()
    .route('/', inboxPages(inbox))
    .get('/_test/mails', (c) => c.json(inbox.mails().map(({ source: _, ...mail }) => mail)))
    .delete('/_test/mails', (c) => {
      inbox.clear()
      return c.body(null, 204)
    })
    .post('/_test/faults', async (c) => {
      const asked = FaultsRequest.safeParse(await c.req.json())
      if (!asked.success) return c.json({ message: z.prettifyError(asked.error) }, 422)
      faults = asked.data
      return c.json(faults)
    })
  const smtp = await serveSmtp(inbox, () => faults, options.smtpPort)
  const http = await listen(app.fetch, options.httpPort).catch(async (error) => {
    await smtp.close()
    throw error
  })
  const close = async () => {
    await Promise.all([smtp.close(), http.close()])
    await inbox.kept()
  }
  return { smtpUrl: smtp.url, url: http.url, close }
}
