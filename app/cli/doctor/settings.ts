import { createTransport } from 'nodemailer'
import { describeReleaseFile, ReleaseFileError } from '../../github/release.ts'
import { type Check, checkOf, type Finding, fault, type Settings, unseen, well } from './check.ts'
import { appAnswers, NO_APP } from './github.ts'
import { lookAtDatabase, lookAtStore } from './store.ts'

const MAIL_SECONDS_MAX = 15
const FILES_AT_ONCE = 8

/** Settings, mail, the store and the files that are sold. */
export const SETTINGS_CHECKS: readonly Check[] = [
  checkOf('Settings', [], async (_, { problems }) =>
    problems.length === 0 ? [well('complete')] : problems.map((problem) => fault(problem, waysToSet(problem))),
  ),
  checkOf('Mail', ['SMTP_URL'], async ({ SMTP_URL }) => [await lookAtMail(SMTP_URL)]),
  checkOf('Store', ['DATA_FOLDER'], async ({ DATA_FOLDER, DATABASE_URL }) => [
    ...(await lookAtStore(DATA_FOLDER)),
    ...(DATABASE_URL ? [await lookAtDatabase(DATABASE_URL)] : []),
  ]),
  checkOf('Files for sale', ['GITHUB_APP_ID', 'GITHUB_PRIVATE_KEY', 'GITHUB_API_URL'], async (_, tools) => {
    const catalog = await tools.catalog()
    if ('none' in catalog) return [catalog.none]
    const assets = [...catalog.assets.values()].filter(({ review }) => review === 'approved')
    if (assets.length === 0) return [unseen('the catalog has no approved asset')]
    if (!(await appAnswers(tools))) return NO_APP
    const { github } = await tools.github()
    const found: Finding[] = []
    for (let at = 0; at < assets.length; at += FILES_AT_ONCE) {
      const some = assets.slice(at, at + FILES_AT_ONCE)
      const looks = some.map(({ id, release }) =>
        describeReleaseFile({ github, now: tools.now }, release).then(
          () => [],
          (error) => [missing(id, error)],
        ),
      )
      found.push(...(await Promise.all(looks)).flat())
    }
    return found.length > 0 ? found : [well(`all ${assets.length} are in their releases`)]
  }),
]

function waysToSet(problem: string): string {
  if (/^GITHUB_\w+ is missing/.test(problem)) return 'Start the shop: its setup page registers the App, and sets this.'
  return 'Set it in the environment or in .env; .env.example says how.'
}

function missing(id: string, error: unknown): Finding {
  if (!(error instanceof ReleaseFileError)) throw error
  const mend = error.reason === 'missing' ? `Upload it, or mend catalog/assets/${id}.yaml.` : 'Try again in a while.'
  return fault(`${id}: ${error.message}`, mend)
}

async function lookAtMail(url: NonNullable<Settings['SMTP_URL']>): Promise<Finding> {
  const timeout = MAIL_SECONDS_MAX * 1000
  const transport = createTransport({
    url,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
  })
  const { host } = new URL(url)
  try {
    await transport.verify()
    return well(`${host} takes mail from here`)
  } catch (error) {
    // What a mail server writes may repeat what it was told; its codes say enough.
    const { code, responseCode } = error as { code?: string; responseCode?: number }
    const why = [code, responseCode].filter(Boolean).join(' ') || 'no reason given'
    if (code === 'EAUTH')
      return fault(
        `${host} refuses the name or the password (${why})`,
        'Mend user and password in SMTP_URL; %-encode what is special.',
      )
    return fault(
      `${host} can't be used: ${why}`,
      'Look at host and port in SMTP_URL: smtps:// is for 465, smtp:// for 587.',
    )
  } finally {
    transport.close()
  }
}
