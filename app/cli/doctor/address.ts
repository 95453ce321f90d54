import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { clockProblem, secondsAhead } from '../../http/operators/clock.ts'
import { webhookAddress } from '../../setup/manifest.ts'
import { type Check, checkOf, type Finding, fault, reasonOf, well } from './check.ts'

const ANSWER_SECONDS_MAX = 15

/** The shop as it is seen from outside, and the clock. */
export const ADDRESS_CHECKS: readonly Check[] = [
  checkOf('Webhook secret', ['SHOP_URL', 'GITHUB_WEBHOOK_SECRET'], async ({ SHOP_URL, GITHUB_WEBHOOK_SECRET }) => {
    const address = webhookAddress(SHOP_URL)
    const [right, wrong] = await Promise.all([
      deliver(address, GITHUB_WEBHOOK_SECRET),
      deliver(address, randomBytes(32).toString('hex')),
    ])
    return [judgeAnswers(address, right, wrong, { name: 'GITHUB_WEBHOOK_SECRET', forged: 401 })]
  }),
  checkOf(
    'Stripe secret',
    ['SHOP_URL', 'STRIPE_WEBHOOK_SECRET'],
    async ({ SHOP_URL, STRIPE_WEBHOOK_SECRET }, { now }) => {
      const address = `${SHOP_URL}/webhooks/stripe`
      const [wrong, ...right] = await Promise.all(
        [`whsec_${randomBytes(32).toString('hex')}`, ...STRIPE_WEBHOOK_SECRET].map((secret) =>
          deliverStripe(address, secret, now()),
        ),
      )
      const worst = right.find((answer) => !(Number(answer) >= 200 && Number(answer) <= 299)) ?? 204
      return [judgeAnswers(address, worst, wrong ?? 0, { name: 'STRIPE_WEBHOOK_SECRET', forged: 400 })]
    },
  ),
  checkOf('Storefront', ['STOREFRONT_URL'], async ({ STOREFRONT_URL }) => [await lookAtStorefront(STOREFRONT_URL)]),
  checkOf('Proxy', ['SHOP_URL'], async ({ SHOP_URL, TRUSTED_PROXIES }) => [
    SHOP_URL.startsWith('https:') && (TRUSTED_PROXIES ?? 0) === 0
      ? fault('buyers come by a proxy that TRUSTED_PROXIES does not name', 'Set it to the address of the proxy.')
      : well('no unknown one'),
  ]),
  checkOf('Running shop', ['SHOP_URL'], async ({ SHOP_URL }) => lookAtRunning(SHOP_URL)),
  checkOf('Clock', ['GITHUB_API_URL', 'STRIPE_API_URL'], async ({ GITHUB_API_URL, STRIPE_API_URL }, { now }) => {
    const times = await Promise.all([GITHUB_API_URL, STRIPE_API_URL].map((address) => timeAt(address, now)))
    return [judgeClock(times)]
  }),
]

/** The answer to a ping as GitHub sends it, signed with this secret: a status, or why there was none. */
async function deliver(address: string, secret: string): Promise<number | string> {
  const body = JSON.stringify({ zen: 'tagsale doctor', hook_id: 0 })
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${signature}`,
  }
  try {
    const answer = await get(address, { method: 'POST', headers, body })
    return answer.status
  } catch (error) {
    return reasonOf(error)
  }
}

/** The answer to an event as Stripe sends it, of a kind that the shop does not keep, signed with this secret. */
function deliverStripe(address: string, secret: string, now: Date): Promise<number | string> {
  const id = 'evt_tagsale_doctor'
  const body = JSON.stringify({ id, object: 'event', type: 'tagsale.doctor', data: { object: {} } })
  const time = Math.floor(now.getTime() / 1000)
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${time},v1=${signature}` }
  return get(address, { method: 'POST', headers, body }).then(({ status }) => status, reasonOf)
}

/** What the answers to a right and a wrong signature say. */
function judgeAnswers(
  address: string,
  right: number | string,
  wrong: number | string,
  { name, forged }: { name: string; forged: number },
): Finding {
  if (typeof right === 'string') return unreachable(address, right)
  if (right === forged) {
    const mend = `Start the shop again, with the ${name} that is set here.`
    return fault('the running shop has another secret', mend)
  }
  if (right < 200 || right > 299) {
    return fault(`${address} answers ${right}`, 'Look whether the proxy passes it on to the shop, whole and unchanged.')
  }
  if (wrong === forged) return well('the shop takes what is signed, and refuses what is not')
  const mend = 'Something else than the shop answers there: look at the proxy.'
  return fault(`${address} answers ${wrong} to a forged webhook`, mend)
}

const unreachable = (address: string, why: string): Finding =>
  fault(`${address} can't be reached: ${why}`, 'Start the shop; look at name, certificate and proxy.')

async function lookAtStorefront(address: string): Promise<Finding> {
  const answer = await get(`${address}/`, { headers: { accept: 'text/html' } }).catch(reasonOf)
  if (typeof answer === 'string') return unreachable(address, answer)
  const type = answer.headers.get('content-type') ?? 'nothing'
  if (answer.ok && type.includes('text/html')) return well(`${address} answers`)
  if (answer.status === 503)
    return fault(`${address} is still being prepared`, "Wait a moment; if it stays so, look at the shop's log.")
  return fault(
    `${address} answers ${answer.status} with ${type}`,
    'Look whether the proxy leads to the shop, and at SHOP_URL and STOREFRONT_URL.',
  )
}

/** What the running shop says is wrong around it. */
async function lookAtRunning(address: string): Promise<Finding[]> {
  const answer = await get(`${address}/readyz`, {}).catch(reasonOf)
  if (typeof answer === 'string') return [unreachable(address, answer)]
  const [state = '', ...notices] = (await answer.text()).split('\n')
  if (!answer.ok) return [fault(`the shop is ${state}`, "Wait a moment; if it stays so, look at the shop's log.")]
  return notices.length > 0
    ? notices.map((notice) => fault(notice, 'The shop says so itself, at /readyz.'))
    : [well(state)]
}

const get = (address: string, init: RequestInit): Promise<Response> =>
  fetch(address, { ...init, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000) })

type Time = { host: string; secondsOff: number | undefined }

const timeAt = async (address: string, now: () => Date): Promise<Time> => {
  return { host: new URL(address).host, secondsOff: await secondsAhead(address, now) }
}

/** What the times say of our clock. */
export function judgeClock(times: readonly Time[]): Finding {
  const told = times.filter((time) => time.secondsOff !== undefined) as { host: string; secondsOff: number }[]
  const worst = told.toSorted((one, other) => Math.abs(other.secondsOff) - Math.abs(one.secondsOff))[0]
  if (!worst)
    return fault(
      'nobody tells the time',
      `Look whether this machine reaches ${times.map(({ host }) => host).join(' and ')}.`,
    )
  const problem = clockProblem(worst.host, worst.secondsOff)
  return problem ? fault(problem, 'Set its clock, and keep it set (NTP).') : well('right within a minute')
}
