import { type GitHubState, idOf, type Repository, repositoriesOf } from '../state.ts'
import type { App, Installation } from './app-state.ts'

/** Every installation of every App. An App that is installed on everybody gets one for each owner who is new. */
export function installationsOf(state: GitHubState): Installation[] {
  for (const app of state.apps.apps) {
    if (!app.everywhere) continue
    const owners = new Set([...state.repositories.values()].map(({ owner }) => owner))
    for (const owner of owners) {
      const isKnown = app.everywhere.left.includes(owner.toLowerCase()) || installationAt(state, app, owner)
      if (!isKnown) state.apps.installations.push(newInstallation(state, app, owner))
    }
  }
  return state.apps.installations
}

/** An App's installation at an owner, when there is one. */
export const installationAt = (state: GitHubState, app: App, owner: string): Installation | undefined =>
  state.apps.installations.find((one) => one.app === app.id && one.owner.toLowerCase() === owner.toLowerCase())

/** An installation on all repositories of an owner, with all that the App asks for. Its id outlives a restart. */
export function newInstallation(state: GitHubState, app: App, owner: string): Installation {
  const at = state.now()
  const { permissions, events } = app
  const before = app.everywhere?.left.filter((login) => login === owner.toLowerCase()).length ?? 0
  const id = idOf('installation', String(app.id), owner, ...(before > 0 ? [String(at)] : []))
  return { id, app: app.id, owner, selection: 'all', repositories: [], permissions, events, at, updatedAt: at }
}

/** Whether an installation reaches a repository. */
export const covers = ({ owner, selection, repositories }: Installation, repository: Repository): boolean =>
  owner.toLowerCase() === repository.owner.toLowerCase() &&
  (selection === 'all' || repositories.includes(repository.id))

/** The repositories that an installation reaches. */
export const repositoriesIn = (state: GitHubState, installation: Installation): Repository[] =>
  repositoriesOf(state, installation.owner).filter((repository) => covers(installation, repository))
