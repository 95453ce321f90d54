// Stripe, GitHub and a mail server for a shop at the address that is given, in a process of their own, with nothing kept
// on the disk: so that what the app costs is the app's alone. Ends when its parent does.
import { randomBytes } from 'node:crypto'
import Stripe from 'stripe'
import { STRIPE_EVENTS } from '../../app/intake.ts'
import { startGitHub } from '../../sandbox/github.ts'
import { startMail } from '../../sandbox/mail.ts'
import { startStripe } from '../../sandbox/stripe.ts'
import { FILES, LATER_FILES } from '../support/files.ts'

/** Where they are, and the settings with which an app speaks to them. */
export type StandIns = { stripe: string; inbox: string; settings: Record<string, string> }

const APP_ID = 7

const [shopUrl] = process.argv.slice(2)
const secret = randomBytes(32).toString('hex')
const [stripe, mail, github] = await Promise.all([
  startStripe({}),
  startMail({}),
  startGitHub({
    app: { id: APP_ID, webhook: { url: `${shopUrl}/webhooks/github`, secret } },
    releases: Object.entries({ ...FILES, ...LATER_FILES }).map(([file, bytes]) => {
      return { repository: 'heron/goods', tag: 'guide-v1', file, bytes }
    }),
  }),
])
const { hostname, port } = new URL(stripe.url)
const endpoint = await new Stripe(stripe.key, { host: hostname, port, protocol: 'http' }).webhookEndpoints.create({
  url: `${shopUrl}/webhooks/stripe`,
  enabled_events: [...STRIPE_EVENTS],
})
process.once('disconnect', () => {
  void Promise.all([stripe.close(), mail.close(), github.close()]).finally(() => process.exit(0))
})
process.send?.({
  stripe: stripe.url,
  inbox: mail.url,
  settings: {
    STRIPE_SECRET_KEY: stripe.key,
    STRIPE_API_URL: stripe.url,
    STRIPE_WEBHOOK_SECRET: endpoint.secret ?? '',
    GITHUB_APP_ID: String(APP_ID),
    GITHUB_PRIVATE_KEY: github.privateKey,
    GITHUB_WEBHOOK_SECRET: secret,
    GITHUB_API_URL: github.url,
    GITHUB_URL: github.url,
    SMTP_URL: mail.smtpUrl,
  },
} satisfies StandIns)
