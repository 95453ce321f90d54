import { Hono } from 'hono'
import { z } from 'zod'
import { notFound, Refusal } from '../answer.ts'
import { deliveryJson } from '../apps/app.ts'
import type { App } from '../apps/app-state.ts'
import { installationAt, installationsOf } from '../apps/coverage.ts'
import { adminOf, choose, install, namesIn, setSuspended, uninstall } from '../apps/installation-change.ts'
import { settled } from '../apps/webhooks.ts'
import { bodyOf } from '../body.ts'
import { pressAction } from '../checks/checks.ts'
import { tellCreated, tellPublished } from '../releases/release-change.ts'
import { findRepository, type GitHubState, publish } from '../state.ts'
import { ROLES } from '../user-state.ts'
import { addUser } from '../users.ts'
import { type Faults, REQUESTS_AN_HOUR } from './fault-state.ts'

const LIMIT_SECONDS = 60

const Chance = z.union([z.boolean(), z.number().min(0).max(1)])
const ForEvents = z.union([Chance, z.array(z.string())])
const FaultsRequest = z.strictObject({
  down: Chance.default(false),
  break: z.array(z.string()).default([]),
  refuse: z.boolean().default(false),
  delayMs: z.number().min(0).default(0),
  /** The secondary rate limit: a wait in seconds, just `true`, or by chance. */
  limit: z
    .union([
      z.boolean(),
      z.number().min(1),
      z.strictObject({ probability: z.number().min(0).max(1), retryAfter: z.number().min(0).default(LIMIT_SECONDS) }),
    ])
    .default(false),
  stream: z.boolean().default(false),
  drop: ForEvents.default(false),
  duplicate: ForEvents.default(false),
  lose: ForEvents.default(false),
  reorder: z.boolean().default(false),
  limits: z.boolean().optional(),
  requestsAnHour: z.int().min(1).default(REQUESTS_AN_HOUR),
  seed: z.int().optional(),
})
const ReleaseRequest = z.strictObject({
  repository: z.string().regex(/^[^/]+\/[^/]+$/),
  tag: z.string().min(1),
  file: z.string().min(1),
  base64: z.base64(),
})
const ActionRequest = z.strictObject({ check_run: z.int(), identifier: z.string(), by: z.string().optional() })
const InstallationRequest = z.strictObject({
  owner: z.string().min(1),
  repositories: z.union([z.literal('all'), z.array(z.string())]).optional(),
  action: z.enum(['install', 'suspend', 'unsuspend', 'delete', 'add', 'remove']),
  /** The slug of the App; the first one when it isn't named. */
  app: z.string().optional(),
})

const RoleRequest = z.strictObject({ repository: z.string(), login: z.string().min(1), role: z.enum(ROLES) })

/** What tests hold in their hands: what was asked and delivered, what goes wrong, what is published and installed. */
export function controlRoutes(state: GitHubState): Hono {
  return new Hono()
    .get('/_test/requests', (c) => c.json(state.requests))
    .get('/_test/deliveries', (c) => c.json(state.apps.deliveries.toReversed().map(deliveryJson)))
    .get('/_test/settled', async (c) => {
      await settled(state)
      return c.json({ settled: true })
    })
    .post('/_test/faults', async (c) => {
      const { seed, ...asked } = await bodyOf(c, FaultsRequest)
      if (seed !== undefined) state.lots = seed
      state.faults = faultsOf(asked, state.limits)
      return c.json(state.faults)
    })
    .post('/_test/releases', async (c) => {
      const { base64, ...seed } = await bodyOf(c, ReleaseRequest)
      const isNew = !releaseOf(state, seed)
      const { id, size, sha256 } = await publish(state, { ...seed, bytes: Buffer.from(base64, 'base64') })
      if (isNew) tellOfNew(state, seed)
      return c.json({ id, size, sha256 }, 201)
    })
    .post('/_test/roles', async (c) => {
      const { repository: fullName, login, role } = await bodyOf(c, RoleRequest)
      const [owner = '', name = ''] = fullName.split('/')
      const repository = findRepository(state, owner, name)
      if (!repository) throw notFound()
      repository.collaborators = { ...repository.collaborators, [addUser(state, login).login]: role }
      return c.json({}, 201)
    })
    .post('/_test/check-action', async (c) => {
      const { check_run, identifier, by } = await bodyOf(c, ActionRequest)
      pressAction(state, check_run, identifier, by ?? 'ghost')
      return c.json({}, 201)
    })
    .post('/_test/installations', async (c) => {
      return c.json({ id: changeInstallation(state, await bodyOf(c, InstallationRequest)) })
    })
}

type Place = { repository: string; tag: string }

function releaseOf(state: GitHubState, { repository: fullName, tag }: Place) {
  const [owner = '', name = ''] = fullName.split('/')
  const repository = findRepository(state, owner, name)
  const release = [...(repository?.releases.values() ?? [])].find((one) => one.tag === tag && !one.draft)
  return repository && release ? { repository, release } : undefined
}

function tellOfNew(state: GitHubState, at: Place): void {
  const made = releaseOf(state, at)
  if (!made) return
  const place = { state, repository: made.repository, by: adminOf(state, made.repository.owner) }
  tellCreated(place, made.release)
  tellPublished(place, made.release)
}

function faultsOf(asked: Omit<z.output<typeof FaultsRequest>, 'seed'>, limits: boolean): Faults {
  const { limit } = asked
  return {
    ...asked,
    down: Number(asked.down),
    limit:
      typeof limit === 'object'
        ? limit
        : { probability: limit ? 1 : 0, retryAfter: typeof limit === 'number' ? limit : LIMIT_SECONDS },
    drop: oftenOrThese(asked.drop),
    duplicate: oftenOrThese(asked.duplicate),
    lose: oftenOrThese(asked.lose),
    limits: asked.limits ?? limits,
  }
}

const oftenOrThese = (fault: boolean | number | string[]) => (Array.isArray(fault) ? fault : Number(fault))

/** Does what a person would click, and gives the installation's id. */
function changeInstallation(state: GitHubState, asked: z.output<typeof InstallationRequest>): number {
  const { owner, action, repositories } = asked
  const app = appNamed(state, asked.app)
  const by = adminOf(state, owner)
  if (action === 'install') return install(state, app, { owner, repositories: repositories ?? 'all', by }).id
  installationsOf(state)
  const installation = installationAt(state, app, owner)
  if (!installation) throw new Refusal(404, `${app.name} is not installed on ${owner}.`)
  const at = { app, installation }
  const names = repositories === 'all' || !repositories ? [] : repositories.map((name) => name.split('/').at(-1) ?? '')
  if (action === 'delete') uninstall(state, at, by)
  else if (action === 'suspend' || action === 'unsuspend') setSuspended(state, at, action === 'suspend', by)
  else if (action === 'add') {
    choose(state, at, repositories === 'all' ? 'all' : [...new Set([...namesIn(state, installation), ...names])], by)
  } else {
    const rest = namesIn(state, installation).filter((name) => !names.includes(name))
    choose(state, at, rest, by)
  }
  return installation.id
}

function appNamed(state: GitHubState, slug: string | undefined): App {
  const app = slug === undefined ? state.apps.apps[0] : state.apps.apps.find((one) => one.slug === slug)
  if (!app) throw notFound()
  return app
}
