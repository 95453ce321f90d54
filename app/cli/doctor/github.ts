import { namesOf } from '../../github/repository-name.ts'
import { type AppDeclaration, readAppDeclaration, webhookAddress } from '../../setup/manifest.ts'
import { type Check, checkOf, type Finding, fault, reasonOf, type Tools, unseen, well } from './check.ts'

type Given = Record<string, string | undefined>
type Status = { status?: number }

const APP = ['GITHUB_APP_ID', 'GITHUB_PRIVATE_KEY', 'GITHUB_API_URL'] as const
const SETTINGS_PAGE = "in the App's settings on GitHub"
const DELIVERIES_LOOKED_AT = 50

/** The App itself, what it may do, and where it is installed. */
export const GITHUB_CHECKS: readonly Check[] = [
  checkOf('GitHub App', APP, async (_, tools) => {
    const app = await readApp(tools)
    return 'state' in app ? [app] : [well(`${app.name} answers to its key`)]
  }),
  checkOf('Permissions', APP, async (_, tools) => {
    const app = await readApp(tools)
    if ('state' in app) return NO_APP
    return comparePermissions(app.permissions as Given, app.events, await readAppDeclaration())
  }),
  checkOf('Installation', APP, async ({ SHOP_REPOSITORY }, tools) => {
    if (!(await appAnswers(tools))) return NO_APP
    const catalog = await tools.catalog()
    const assets = 'none' in catalog ? [] : [...catalog.assets.values()].filter(({ review }) => review !== 'withdrawn')
    const repositories = [SHOP_REPOSITORY ?? [], assets.map(({ release }) => release.repository)].flat()
    const distinct = [...new Set(repositories.map((name) => name.toLowerCase()))]
    if (distinct.length === 0)
      return [unseen('no repository to look at: SHOP_REPOSITORY is not set, and nothing is for download')]
    return Promise.all(distinct.map((repository) => lookAtInstallation(tools, repository)))
  }),
  checkOf('Webhook address', [...APP, 'SHOP_URL'], async ({ SHOP_URL }, tools) => {
    if (!(await appAnswers(tools))) return NO_APP
    const { githubApp } = await tools.github()
    const { data } = await githubApp.asApp.request('GET /app/hook/config')
    return compareHook(data, webhookAddress(SHOP_URL))
  }),
  checkOf('Webhook deliveries', APP, async (_, tools) => {
    if (!(await appAnswers(tools))) return NO_APP
    const { githubApp } = await tools.github()
    const { data } = await githubApp.asApp.request('GET /app/hook/deliveries', { per_page: DELIVERIES_LOOKED_AT })
    return [judgeDeliveries(data)]
  }),
]

/** What a check says that needs the App, when there is none: the reason is said once, elsewhere. */
export const NO_APP: Finding[] = [unseen('not looked at: see GitHub App')]

/** Whether GitHub knows the App by its key. */
export const appAnswers = async (tools: Tools): Promise<boolean> => !('state' in (await readApp(tools)))

async function readApp(tools: Tools) {
  try {
    const { githubApp } = await tools.github()
    const { data } = await githubApp.asApp.rest.apps.getAuthenticated()
    if (data) return data
  } catch (error) {
    const { status } = error as Status
    if (status === 401 || status === 404) {
      return fault(
        'GitHub does not take the key of this App',
        `Make a new private key ${SETTINGS_PAGE}, and see that GITHUB_APP_ID is its number.`,
      )
    }
    if (status === undefined)
      return fault(reasonOf(error), "Put the App's private key (PEM, or that in base64) into GITHUB_PRIVATE_KEY.")
    return fault(`GitHub answers ${status}`, 'Look at githubstatus.com and at GITHUB_API_URL, then try again.')
  }
  return fault('GitHub does not say which App this is', 'Look at GITHUB_API_URL.')
}

/** What an App has against what it should have: too little, and too much. */
export function comparePermissions(given: Given, events: readonly string[], wanted: AppDeclaration): Finding[] {
  const names = Object.entries(wanted.permissions)
  const lacks = names.filter(([name, level]) => !covers(given[name], level)).map(([name, level]) => `${name}: ${level}`)
  const more = Object.entries(given)
    .filter(([name, level]) => !covers(wanted.permissions[name], level ?? 'read'))
    .map(([name, level]) => `${name}: ${level}`)
  const deaf = wanted.events.filter((event) => !events.includes(event))
  const found = [
    ...(lacks.length > 0
      ? [fault(`the App lacks ${lacks.join(', ')}`, `Grant it ${SETTINGS_PAGE}, and accept it where it is installed.`)]
      : []),
    ...(deaf.length > 0
      ? [
          fault(
            `the App is not told of ${deaf.join(', ')}`,
            `Subscribe to it ${SETTINGS_PAGE}, under "Permissions & events".`,
          ),
        ]
      : []),
    ...(more.length > 0
      ? [
          fault(
            `the App may do more than it needs: ${more.join(', ')}`,
            `Take it away ${SETTINGS_PAGE}, under "Permissions & events".`,
          ),
        ]
      : []),
  ]
  return found.length > 0 ? found : [well('what the shop needs, and no more')]
}

const LEVELS = ['read', 'write', 'admin']
const covers = (given: string | undefined, wanted: string) => LEVELS.indexOf(given ?? '') >= LEVELS.indexOf(wanted)

async function lookAtInstallation(tools: Tools, repository: string): Promise<Finding> {
  const { owner, repo } = namesOf(repository)
  const { githubApp } = await tools.github()
  const wanted = await readAppDeclaration()
  try {
    const { data } = await githubApp.asApp.rest.apps.getRepoInstallation({ owner, repo })
    if (data.suspended_at)
      return fault(`${repository}: the installation is suspended`, `Unsuspend it: ${data.html_url}`)
    const lacks = Object.entries(wanted.permissions).filter(
      ([name, level]) => !covers((data.permissions as Given)[name], level),
    )
    if (lacks.length === 0) return well(`${repository}: installed`)
    const names = lacks.map(([name, level]) => `${name}: ${level}`).join(', ')
    return fault(`${repository}: ${owner} has not accepted ${names}`, `Accept it: ${data.html_url}`)
  } catch (error) {
    if ((error as Status).status !== 404) throw error
    return fault(
      `${repository}: the App is not installed on it`,
      `Install it there ${SETTINGS_PAGE}, under "Install App".`,
    )
  }
}

type Hook = { url?: string; content_type?: string; insecure_ssl?: string | number }

/** Where GitHub sends webhooks, and how, against where they should go. */
export function compareHook({ url, content_type, insecure_ssl }: Hook, wanted: string): Finding[] {
  const found = [
    ...(url === wanted
      ? []
      : [fault(`GitHub sends webhooks to ${url || 'nowhere'}`, `Make it ${wanted} ${SETTINGS_PAGE}.`)]),
    ...(content_type === 'json'
      ? []
      : [fault(`webhooks come as ${content_type ?? 'form'}`, `Choose application/json ${SETTINGS_PAGE}.`)]),
    ...(String(insecure_ssl ?? '0') === '0'
      ? []
      : [fault('GitHub does not check the certificate', `Enable SSL verification ${SETTINGS_PAGE}.`)]),
  ]
  return found.length > 0 ? found : [well(wanted)]
}

type Attempt = { guid: string; status_code: number; status: string; event: string; delivered_at: string }

/** What became of the newest deliveries; one that failed and then arrived is no fault. Newest first, as GitHub gives them. */
export function judgeDeliveries(attempts: readonly Attempt[]): Finding {
  const [newest] = attempts
  if (!newest) return unseen('GitHub has delivered nothing yet')
  const isTaken = ({ status_code }: Attempt) => status_code >= 200 && status_code < 300
  const arrived = new Set(attempts.filter(isTaken).map(({ guid }) => guid))
  const lost = new Set(attempts.map(({ guid }) => guid).filter((guid) => !arrived.has(guid)))
  const count = `${lost.size} of the last ${lost.size + arrived.size} did not arrive`
  if (arrived.has(newest.guid))
    return well(
      lost.size === 0 ? `the last ${arrived.size} arrived` : `the last one arrived; ${count}, and are asked for again`,
    )
  return fault(
    `the last one (${newest.event}) failed: ${newest.status_code || newest.status}; ${count}`,
    meaningOf(newest.status_code),
  )
}

function meaningOf(status: number): string {
  if (status === 401) return `GITHUB_WEBHOOK_SECRET is not the secret ${SETTINGS_PAGE}: make them the same.`
  if (status === 404) return 'Something else answers at that address: look at the proxy, and at SHOP_URL.'
  if (status === 0) return 'GitHub does not reach the shop: look at name, certificate, firewall and proxy.'
  return "Look at the shop's log."
}
