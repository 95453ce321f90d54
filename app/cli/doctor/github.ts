import { absentAt } from '../../github/absent.ts'
import { namesOf } from '../../github/repository-name.ts'
import { CHECK_NAME } from '../../repository/check/check-run.ts'
import { type AppDeclaration, readAppDeclaration, webhookAddress } from '../../setup/manifest.ts'
import {
  type Check,
  checkOf,
  type Finding,
  fault,
  judge,
  networkFault,
  reasonOf,
  type Tools,
  unseen,
  well,
} from './check.ts'

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
  checkOf('Privacy', APP, async (_, tools) => {
    if (!(await appAnswers(tools))) return NO_APP
    const catalog = await tools.catalog()
    const assets = 'none' in catalog ? [] : [...catalog.assets.values()].filter(({ review }) => review !== 'withdrawn')
    const names = [...new Set(assets.map(({ release }) => release.repository.toLowerCase()))]
    if (names.length === 0) return [unseen('nothing is for download')]
    return (await Promise.all(names.map((name) => lookAtPrivacy(tools, name)))).flat()
  }),
  checkOf('Branch rules', APP, async ({ SHOP_REPOSITORY }, tools) => {
    if (!(await appAnswers(tools))) return NO_APP
    if (!SHOP_REPOSITORY) return [unseen('not looked at: SHOP_REPOSITORY is not set')]
    return [await lookAtRules(tools, SHOP_REPOSITORY)]
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
    const network = networkFault(error)
    if (network)
      return fault(
        `GitHub can't be reached: ${network}`,
        'Look at the network of this machine, its DNS first, and at GITHUB_API_URL.',
      )
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
  const lacks = notCovered(wanted.permissions, given)
  const more = notCovered(given, wanted.permissions)
  const deaf = wanted.events.filter((event) => !events.includes(event))
  const permissionsPage = `${SETTINGS_PAGE}, under "Permissions & events".`
  return judge(
    [
      [
        lacks.length > 0,
        `the App lacks ${lacks.join(', ')}`,
        `Grant it ${SETTINGS_PAGE}, and accept it where it is installed.`,
      ],
      [deaf.length > 0, `the App is not told of ${deaf.join(', ')}`, `Subscribe to it ${permissionsPage}`],
      [more.length > 0, `the App may do more than it needs: ${more.join(', ')}`, `Take it away ${permissionsPage}`],
    ],
    'what the shop needs, and no more',
  )
}

const LEVELS = ['read', 'write', 'admin']
const covers = (given: string | undefined, wanted: string) => LEVELS.indexOf(given ?? '') >= LEVELS.indexOf(wanted)

/** The permissions that others do not cover, as `name: level`. */
const notCovered = (permissions: Given, by: Given): string[] =>
  Object.entries(permissions).flatMap(([name, level = 'read']) =>
    covers(by[name], level) ? [] : [`${name}: ${level}`],
  )

async function lookAtInstallation(tools: Tools, repository: string): Promise<Finding> {
  const { owner, repo } = namesOf(repository)
  const { githubApp } = await tools.github()
  const wanted = await readAppDeclaration()
  try {
    const { data } = await githubApp.asApp.rest.apps.getRepoInstallation({ owner, repo })
    if (data.suspended_at)
      return fault(`${repository}: the installation is suspended`, `Unsuspend it: ${data.html_url}`)
    const lacks = notCovered(wanted.permissions, data.permissions as Given)
    if (lacks.length === 0) return well(`${repository}: installed`)
    return fault(`${repository}: ${owner} has not accepted ${lacks.join(', ')}`, `Accept it: ${data.html_url}`)
  } catch (error) {
    if ((error as Status).status !== 404) throw error
    return fault(
      `${repository}: the App is not installed on it`,
      `Install it there ${SETTINGS_PAGE}, under "Install App".`,
    )
  }
}

/** Files that are sold lie where nobody but the App and their makers may read. */
async function lookAtPrivacy(tools: Tools, name: string): Promise<Finding[]> {
  const { githubApp } = await tools.github()
  try {
    const { octokit, names } = await githubApp.forRepository(name, { metadata: 'read' })
    const { data } = await octokit.rest.repos.get(names)
    if (data.private) return [well(`${name}: private`)]
    return [fault(`${name} is public: its files are free for all`, 'Make it private, in its settings on GitHub.')]
  } catch (error) {
    if (networkFault(error)) throw error
    return [unseen(`${name}: not to be seen, see Installation`)]
  }
}

/** Who may merge decides what is sold, so the check is to be required on the default branch. */
async function lookAtRules(tools: Tools, name: string): Promise<Finding> {
  const { githubApp } = await tools.github()
  try {
    const { octokit, names } = await githubApp.forRepository(name, { metadata: 'read', contents: 'read' })
    const { data: repository } = await octokit.rest.repos.get(names)
    const branch = repository.default_branch
    const [{ data }, rules] = await Promise.all([
      octokit.rest.repos.getBranch({ ...names, branch }),
      octokit.rest.repos.getBranchRules({ ...names, branch }).catch(absentAt(403, 404)),
    ])
    const required = [
      ...(data.protection?.required_status_checks?.contexts ?? []),
      ...(rules?.data ?? []).flatMap((rule) =>
        rule.type === 'required_status_checks'
          ? (rule.parameters?.required_status_checks ?? []).map(({ context }) => context)
          : [],
      ),
    ]
    if (required.includes(CHECK_NAME)) return well(`${name}: ${branch} takes nothing without the check ${CHECK_NAME}`)
    return fault(
      `${name}: ${branch} takes changes without the check ${CHECK_NAME}`,
      "Require it, and reviews of code owners, in the repository's settings on GitHub, under Rules.",
    )
  } catch (error) {
    if (networkFault(error)) throw error
    return unseen(`${name}: not to be seen, see Installation`)
  }
}

type Hook = { url?: string; content_type?: string; insecure_ssl?: string | number }

/** Where GitHub sends webhooks, and how, against where they should go. */
export function compareHook({ url, content_type, insecure_ssl }: Hook, wanted: string): Finding[] {
  const isInsecure = String(insecure_ssl ?? '0') !== '0'
  return judge(
    [
      [url !== wanted, `GitHub sends webhooks to ${url || 'nowhere'}`, `Make it ${wanted} ${SETTINGS_PAGE}.`],
      [
        content_type !== 'json',
        `webhooks come as ${content_type ?? 'form'}`,
        `Choose application/json ${SETTINGS_PAGE}.`,
      ],
      [isInsecure, 'GitHub does not check the certificate', `Enable SSL verification ${SETTINGS_PAGE}.`],
    ],
    wanted,
  )
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
