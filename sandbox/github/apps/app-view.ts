import type { RestEndpointMethodTypes } from '@octokit/rest'
import { instant } from '../answer.ts'
import { type GitHubState, idOf, type Repository } from '../state.ts'
import { account, nodeId } from '../users.ts'
import type { App, Installation } from './app-state.ts'
import { installationsOf } from './coverage.ts'

type AppJson = NonNullable<RestEndpointMethodTypes['apps']['getAuthenticated']['response']['data']>
type InstallationJson = RestEndpointMethodTypes['apps']['getInstallation']['response']['data']

/** An App, as its own question and its check runs show it. */
export function appJson(state: GitHubState, app: App, origin: string): AppJson {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('App', app.id),
    client_id: app.clientId,
    owner: account(state, app.owner, origin),
    name: app.name,
    description: app.description,
    external_url: app.externalUrl,
    html_url: `${origin}/apps/${app.slug}`,
    created_at: instant(app.at),
    updated_at: instant(app.at),
    permissions: app.permissions as AppJson['permissions'],
    events: app.events,
    installations_count: installationsOf(state).filter((one) => one.app === app.id).length,
  }
}

/** An installation, for the API and for webhooks. */
export function installationJson(state: GitHubState, app: App, one: Installation, origin: string): InstallationJson {
  const isUser = state.users.has(one.owner.toLowerCase())
  const settings = isUser ? 'settings' : `organizations/${one.owner}/settings`
  return {
    id: one.id,
    client_id: app.clientId,
    account: { ...account(state, one.owner, origin), type: isUser ? 'User' : 'Organization' },
    app_id: app.id,
    app_slug: app.slug,
    target_id: idOf('user', one.owner),
    target_type: isUser ? 'User' : 'Organization',
    repository_selection: one.selection,
    permissions: one.permissions as InstallationJson['permissions'],
    events: one.events,
    access_tokens_url: `${origin}/app/installations/${one.id}/access_tokens`,
    repositories_url: `${origin}/installation/repositories`,
    html_url: `${origin}/${settings}/installations/${one.id}`,
    created_at: instant(one.at),
    updated_at: instant(one.updatedAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_at: one.suspended ? instant(one.suspended.at) : null,
    suspended_by: one.suspended ? account(state, one.suspended.by, origin) : null,
  }
}

/** The few words in which installation events name a repository. */
export const repositoryInShort = ({ id, name, owner, private: isPrivate }: Repository) => ({
  id,
  node_id: nodeId('Repository', id),
  name,
  full_name: `${owner}/${name}`,
  private: isPrivate,
})
