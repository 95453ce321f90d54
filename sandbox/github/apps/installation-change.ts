import { Refusal } from '../answer.ts'
import { type GitHubState, type Repository, repositoriesOf } from '../state.ts'
import { account } from '../users.ts'
import type { App, Installation } from './app-state.ts'
import { installationJson, repositoryInShort } from './app-view.ts'
import { installationAt, newInstallation, repositoriesIn } from './coverage.ts'
import { emitToApp } from './webhooks.ts'

/** Repositories that an installation shall cover: all of its owner's, now and later, or these names. */
export type Chosen = 'all' | readonly string[]
type At = { app: App; installation: Installation }

/** Installs an App at an owner, and tells it. Refuses where it is installed already, and repositories that aren't there. */
export function install(
  state: GitHubState,
  app: App,
  { owner, repositories, by }: { owner: string; repositories: Chosen; by: string },
): Installation {
  if (installationAt(state, app, owner)) throw new Refusal(422, `${app.name} is already installed on ${owner}.`)
  const selection = repositories === 'all' ? 'all' : 'selected'
  const ids = repositories === 'all' ? [] : named(state, owner, repositories).map(({ id }) => id)
  const installation: Installation = { ...newInstallation(state, app, owner), selection, repositories: ids }
  state.apps.installations.push(installation)
  tell(state, { app, installation }, 'installation', by, {
    action: 'created',
    repositories: repositoriesIn(state, installation).map(repositoryInShort),
    requester: null,
  })
  return installation
}

/** Takes an App away from an owner, with all its tokens there, and tells it. */
export function uninstall(state: GitHubState, { app, installation }: At, by: string): void {
  const repositories = repositoriesIn(state, installation).map(repositoryInShort)
  const { apps } = state
  apps.installations = apps.installations.filter((one) => one !== installation)
  app.everywhere?.left.push(installation.owner.toLowerCase())
  for (const [text, token] of Object.entries(apps.tokens)) {
    if (token.installation === installation.id) delete apps.tokens[text]
  }
  tell(state, { app, installation }, 'installation', by, { action: 'deleted', repositories })
}

/** Stops an installation for a while, or lets it go on, and tells the App. */
export function setSuspended(state: GitHubState, { app, installation }: At, isSuspended: boolean, by: string): void {
  if (Boolean(installation.suspended) === isSuspended) return
  if (isSuspended) installation.suspended = { at: state.now(), by }
  else delete installation.suspended
  installation.updatedAt = state.now()
  const repositories = repositoriesIn(state, installation).map(repositoryInShort)
  tell(state, { app, installation }, 'installation', by, {
    action: isSuspended ? 'suspend' : 'unsuspend',
    repositories,
  })
}

/** Changes what an installation covers, and tells the App what came and what went. */
export function choose(state: GitHubState, { app, installation }: At, chosen: Chosen, by: string): void {
  const before = repositoriesIn(state, installation)
  const selection = chosen === 'all' ? 'all' : 'selected'
  const ids = chosen === 'all' ? [] : named(state, installation.owner, chosen).map(({ id }) => id)
  Object.assign(installation, { selection, repositories: ids, updatedAt: state.now() })
  const after = repositoriesIn(state, installation)
  const added = after.filter((one) => !before.includes(one))
  const removed = before.filter((one) => !after.includes(one))
  for (const [action, changed] of [['added', added] as const, ['removed', removed] as const]) {
    if (changed.length === 0) continue
    tell(state, { app, installation }, 'installation_repositories', by, {
      action,
      repository_selection: selection,
      repositories_added: action === 'added' ? changed.map(repositoryInShort) : [],
      repositories_removed: action === 'removed' ? changed.map(repositoryInShort) : [],
      requester: null,
    })
  }
}

/** The names of what an installation covers now. */
export const namesIn = (state: GitHubState, installation: Installation): string[] =>
  repositoriesIn(state, installation).map(({ name }) => name)

/** Who clicks when nobody signed in: the owner, or the first admin of an organisation. */
export function adminOf(state: GitHubState, owner: string): string {
  const members = state.organizations.get(owner.toLowerCase())?.members ?? new Map<string, string>()
  const admin = [...members].find(([, role]) => role === 'admin')?.[0]
  return (admin && state.users.get(admin)?.login) ?? owner
}

function named(state: GitHubState, owner: string, names: readonly string[]): Repository[] {
  const all = repositoriesOf(state, owner)
  return names.map((name) => {
    const short = name.split('/').at(-1)?.toLowerCase()
    const found = all.find((one) => one.name.toLowerCase() === short)
    if (!found) throw new Refusal(422, `${owner} has no repository “${name}”.`)
    return found
  })
}

function tell(state: GitHubState, { app, installation }: At, event: string, by: string, payload: object): void {
  const shown = installationJson(state, app, installation, state.url)
  emitToApp(
    state,
    event,
    { app, installation },
    {
      ...payload,
      installation: shown,
      sender: account(state, by, state.url),
    },
  )
  state.changed()
}
