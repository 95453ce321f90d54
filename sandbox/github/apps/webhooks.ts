import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { draw, strikes } from '../faults/faults.ts'
import { repositoryJson } from '../repository.ts'
import { type GitHubState, idOf, type Repository } from '../state.ts'
import { account, nodeId } from '../users.ts'
import { type App, type Delivery, type Installation, nextId } from './app-state.ts'
import { covers, installationsOf } from './coverage.ts'

const ANSWER_TIMEOUT_MS = 10_000
/** GitHub delivers nothing larger: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap */
const PAYLOAD_BYTES_MAX = 25 * 1024 * 1024
const DELIVERIES_KEPT_MAX = 1000
const ANSWER_CHARACTERS_KEPT_MAX = 10_000
const REORDER_MS_MAX = 250
/** Only the App that made the check hears of these: https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run */
const FOR_THE_MAKER = ['rerequested', 'requested_action', 'requested']
const WITHOUT_SUBSCRIPTION = [
  'installation',
  'installation_repositories',
  'installation_target',
  'github_app_authorization',
]

/**
 * Tells every App that hears of this event what happened: one whose active installation covers the repository and that
 * subscribed. Fills in `repository`, `organization` and `installation`. Comes back at once; deliveries go their own way,
 * once each, and are never tried again, as at GitHub.
 */
export function emit(
  state: GitHubState,
  event: string,
  repository: Repository | undefined,
  payload: Record<string, unknown>,
): void {
  for (const installation of installationsOf(state)) {
    const app = state.apps.apps.find(({ id }) => id === installation.app)
    if (!app || installation.suspended || !repository || !covers(installation, repository)) continue
    if (hears(app, installation, event, payload)) {
      enqueue(state, {
        app,
        installation,
        event,
        repository,
        payload: { ...aboutRepository(state, repository), ...payload },
      })
    }
  }
}

/** Tells an App about its own installation, which it need not have subscribed to. */
export function emitToApp(
  state: GitHubState,
  event: string,
  { app, installation }: { app: App; installation: Installation },
  payload: Record<string, unknown>,
): void {
  enqueue(state, { app, installation, event, payload })
}

/** Delivers once more, under the same GUID. The attempt is a new one in the history. */
export function redeliver(state: GitHubState, delivery: Delivery): void {
  const app = state.apps.apps.find(({ id }) => id === delivery.app)
  if (app) start(state, app, { ...delivery, redelivery: true })
}

/** Resolves when no delivery is under way. */
export async function settled({ outbox }: Pick<GitHubState, 'outbox'>): Promise<void> {
  while (outbox.underway.size > 0) await Promise.all(outbox.underway)
}

type Message = {
  app: App
  installation: Installation
  event: string
  repository?: Repository
  payload: Record<string, unknown>
}
type Addressed = Pick<Delivery, 'guid' | 'event' | 'action' | 'installation' | 'repository' | 'redelivery' | 'request'>

function hears(app: App, { events }: Installation, event: string, payload: Record<string, unknown>): boolean {
  const check = (payload.check_run ?? payload.check_suite) as { app?: { id?: number } | null } | undefined
  if (check && FOR_THE_MAKER.includes(String(payload.action))) return check.app?.id === app.id
  return WITHOUT_SUBSCRIPTION.includes(event) || events.includes(event)
}

function aboutRepository(state: GitHubState, repository: Repository): Record<string, unknown> {
  const { login, id, node_id, url, avatar_url } = account(state, repository.owner, state.url)
  const isOrganization = !state.users.has(repository.owner.toLowerCase())
  return {
    repository: repositoryJson(repository, state.url),
    ...(isOrganization ? { organization: { login, id, node_id, url, avatar_url, description: null } } : {}),
  }
}

function enqueue(state: GitHubState, { app, installation, event, repository, payload }: Message): void {
  const { id } = installation
  const node = { id, node_id: nodeId('Installation', id) }
  const text = JSON.stringify({ installation: node, ...payload })
  if (!app.hook.active || Buffer.byteLength(text) > PAYLOAD_BYTES_MAX) return
  const action = typeof payload.action === 'string' ? payload.action : null
  const message: Addressed = {
    guid: randomUUID(),
    event,
    action,
    installation: id,
    repository: repository?.id ?? null,
    redelivery: false,
    request: { headers: {}, payload: text },
  }
  if (strikes(state, state.faults.lose, event, action)) return
  start(state, app, message)
  if (strikes(state, state.faults.duplicate, event, action)) start(state, app, message)
}

function start(state: GitHubState, app: App, message: Addressed): void {
  const isDropped = strikes(state, state.faults.drop, message.event, message.action)
  const wait = state.faults.delayMs + (state.faults.reorder ? draw(state) * REORDER_MS_MAX : 0)
  const delivery = deliver(state, app, message, wait, isDropped).catch((error) => {
    console.error('The GitHub stand-in could not deliver a webhook:', error)
  })
  state.outbox.underway.add(delivery)
  void delivery.finally(() => state.outbox.underway.delete(delivery))
}

async function deliver(state: GitHubState, app: App, message: Addressed, wait: number, isDropped: boolean) {
  if (wait > 0) await sleep(wait, undefined, { signal: state.outbox.stopping.signal }).catch(() => undefined)
  if (state.outbox.stopping.signal.aborted) return
  const body = bodyOf(app, message.request.payload)
  const headers = headersOf(app, message, body)
  const started = performance.now()
  const outcome = isDropped ? UNREACHABLE : await post(app.hook.url, headers, body, state.outbox.stopping.signal)
  state.apps.deliveries.push({
    ...message,
    id: nextId(state.apps),
    app: app.id,
    at: state.now(),
    duration: Math.round((performance.now() - started) / 10) / 100,
    url: app.hook.url,
    ...outcome,
    request: { headers, payload: message.request.payload },
  })
  state.apps.deliveries.splice(0, state.apps.deliveries.length - DELIVERIES_KEPT_MAX)
  state.changed()
}

type Outcome = Pick<Delivery, 'status' | 'statusCode' | 'response'>
const NO_ANSWER = { headers: {}, payload: '' }
const UNREACHABLE: Outcome = { status: 'failed to connect to host', statusCode: 502, response: NO_ANSWER }
const TIMED_OUT: Outcome = { status: 'timed out', statusCode: 504, response: NO_ANSWER }

async function post(url: string, headers: Record<string, string>, body: string, stop: AbortSignal): Promise<Outcome> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  try {
    const signal = AbortSignal.any([stop, timeout])
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    const payload = (await answer.text()).slice(0, ANSWER_CHARACTERS_KEPT_MAX)
    const status = answer.ok ? 'OK' : `Invalid HTTP Response: ${answer.status}`
    return { status, statusCode: answer.status, response: { headers: Object.fromEntries(answer.headers), payload } }
  } catch {
    return timeout.aborted ? TIMED_OUT : UNREACHABLE
  }
}

const bodyOf = ({ hook }: App, payload: string): string =>
  hook.contentType === 'json' ? payload : String(new URLSearchParams({ payload }))

/** What GitHub sends along: https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers */
function headersOf(app: App, { guid, event }: Addressed, body: string): Record<string, string> {
  const sign = (kind: string) => `${kind}=${createHmac(kind, app.hook.secret).update(body).digest('hex')}`
  return {
    accept: '*/*',
    'content-type': app.hook.contentType === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
    'user-agent': 'GitHub-Hookshot/0000000',
    'x-github-delivery': guid,
    'x-github-event': event,
    'x-github-hook-id': String(idOf('hook', String(app.id))),
    'x-github-hook-installation-target-id': String(app.id),
    'x-github-hook-installation-target-type': 'integration',
    ...(app.hook.secret ? { 'x-hub-signature': sign('sha1'), 'x-hub-signature-256': sign('sha256') } : {}),
  }
}
