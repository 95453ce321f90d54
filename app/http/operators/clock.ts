import type { Parts } from '../../parts.ts'

/** A clock that is wrong by more makes keys and signatures useless, and pages at Stripe open or close at the wrong time. */
const SECONDS_OFF_MAX = 60
const ANSWER_MILLISECONDS_MAX = 15_000
const COMPARE_MILLISECONDS = 5 * 60_000
const HOP_LOOK_MILLISECONDS = 10_000

/** How far our clock is ahead of a server's, by the `Date` of its answer; nothing where it does not tell. Half of the way there and back is taken off. */
export async function secondsAhead(address: string, now: () => Date): Promise<number | undefined> {
  const began = now().getTime()
  const signal = AbortSignal.timeout(ANSWER_MILLISECONDS_MAX)
  const answer = await fetch(address, { redirect: 'manual', signal }).catch(() => undefined)
  await answer?.body?.cancel()
  const theirs = Date.parse(answer?.headers.get('date') ?? '')
  return Number.isNaN(theirs) ? undefined : ((began + now().getTime()) / 2 - theirs) / 1000
}

/** What is wrong with a clock that is so far ahead of a host's; nothing where it is right. */
export function clockProblem(host: string, ahead: number): string | undefined {
  const off = Math.round(Math.abs(ahead))
  if (off <= SECONDS_OFF_MAX) return undefined
  return `this machine is ${off} seconds ${ahead > 0 ? 'ahead of' : 'behind'} ${host}`
}

/** Compares our clock with Stripe's and GitHub's, and says where it is wrong, as long as it is. */
export async function compareClocks({
  config,
  now,
  notices,
}: Pick<Parts, 'config' | 'now' | 'notices'>): Promise<void> {
  const hosts = [
    ['stripe clock', config.STRIPE_API_URL],
    ['github clock', config.GITHUB_API_URL],
  ] as const
  for (const [about, address] of hosts) {
    const ahead = await secondsAhead(address, now)
    if (ahead === undefined) continue
    const problem = clockProblem(new URL(address).host, ahead)
    if (problem) notices.tell(about, `The clock is wrong: ${problem}. Sales fail; set it, and keep it set (NTP).`)
    else notices.settle(about)
  }
}

/** Looks whether the clock was set back since the last look. `monotonic` goes on whatever the clock does: milliseconds. */
export function createHopWatch(now: () => Date, monotonic: () => number): () => boolean {
  const offset = () => now().getTime() - monotonic()
  let last = offset()
  return () => {
    const before = last
    last = offset()
    return last < before - SECONDS_OFF_MAX * 1000
  }
}

/** Watches the clock from now on. When it was set back, what was put off by the wrong one is looked at again. Gives how to stop. */
export function watchClock(parts: Pick<Parts, 'config' | 'now' | 'notices' | 'log'>, lookAgain: () => Promise<void>) {
  const compare = () => void compareClocks(parts)
  const wasSetBack = createHopWatch(parts.now, () => performance.now())
  const look = () => {
    if (!wasSetBack()) return
    parts.log.warn('the clock was set back: what waits is looked at again')
    lookAgain().catch((error: unknown) => parts.log.error({ err: error }, 'what waits could not be looked at again'))
    compare()
  }
  compare()
  const timers = [setInterval(compare, COMPARE_MILLISECONDS), setInterval(look, HOP_LOOK_MILLISECONDS)]
  return () => timers.forEach(clearInterval)
}
