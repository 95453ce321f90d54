import { describe, expect, test } from 'vitest'
import { type Job, jobDueAt } from '../../app/job/job.ts'
import { nextTry } from '../../app/job/retry.ts'
import { receiptJob } from '../../app/order/caused-jobs.ts'
import { withJobs } from '../../app/order/decide.ts'
import type { Fact } from '../../app/order/event.ts'
import * as given from '../order/facts.ts'
import { head, ORDER, orderOf, placed } from '../order/facts.ts'

const jobsOf = (fact: Fact) => withJobs(orderOf(placed()), [fact], head).jobs
const due = { dueAt: head.at, attempts: 0 }

test('an order that is placed is looked after two minutes after its payment page closed', () => {
  const work = { kind: 'close-checkout', order: ORDER }
  expect(withJobs(undefined, [placed()], head).jobs).toEqual([
    { id: `close-checkout:${ORDER}`, work, dueAt: '2026-03-01T09:37:00.000Z', attempts: 0 },
  ])
})

test('an order that is paid is mailed and fulfilled', () => {
  expect(jobsOf(given.paid)).toEqual([
    { id: receiptJob(ORDER), work: { kind: 'mail', mail: 'receipt', order: ORDER }, ...due },
    { id: `fulfill:${ORDER}`, work: { kind: 'fulfill', order: ORDER }, ...due },
  ])
})

test.each([
  ['payment-processing', given.processing],
  ['payment-failed', given.failed],
] as const)('a buyer is told by the mail %s', (mail, fact) => {
  expect(jobsOf(fact)).toEqual([{ id: `${mail}:${ORDER}`, work: { kind: 'mail', mail, order: ORDER }, ...due }])
})

test.each([
  ['refunded', 're_1', given.refunded(1)],
  ['shipped', 'shp_1', given.shipped('line-1')],
  ['delivered', 'shp_1', given.delivered],
] as const)('a buyer is told by the mail %s, of %s', (mail, about, fact) => {
  const work = { kind: 'mail', mail, order: ORDER, about }
  expect(jobsOf(fact)).toEqual([{ id: `${mail}:${about}:${ORDER}`, work, ...due }])
})

test.each([given.refundFailed, given.disputeClosed('won')])(
  'after $type, what was not ready is tried again',
  (fact) => {
    expect(jobsOf(fact)).toEqual([{ id: `fulfill:${ORDER}`, work: { kind: 'fulfill', order: ORDER }, ...due }])
  },
)

test.each([given.opened, given.expired, given.disputed, given.fulfilled('line-1'), given.stalled('gave-up')])(
  '$type causes no work',
  (fact) => expect(jobsOf(fact)).toEqual([]),
)

describe('a job that fails', () => {
  const now = new Date(head.at)
  const first: Job = jobDueAt(head.at, { kind: 'catch-up', object: 'cs_1' }, 'stripe:evt_1')
  /** The waits of a job that never works out, in seconds. */
  function waitsOf(job: Job, most = 1000): number[] {
    const waits: number[] = []
    for (let at = now, next = nextTry(job, at); next && waits.length < most; next = nextTry(next, at)) {
      waits.push((Date.parse(next.dueAt) - at.getTime()) / 1000)
      at = new Date(next.dueAt)
    }
    return waits
  }

  test('is tried again later and later, then hourly', () => {
    expect(waitsOf(first).slice(0, 9)).toEqual([2, 5, 15, 60, 300, 900, 3600, 3600, 3600])
  })
  test('is given up after three days and some minutes', () => {
    const mail: Job = { ...first, work: { kind: 'mail', mail: 'receipt', order: ORDER } }
    const hours = waitsOf(mail).reduce((sum, wait) => sum + wait, 0) / 3600
    expect(hours).toBeGreaterThanOrEqual(72)
    expect(hours).toBeLessThan(74)
  })
  test('keeps its id and its work, and counts its tries', () => {
    expect(nextTry(first, now)).toEqual({ ...first, dueAt: '2026-03-01T09:00:02.000Z', attempts: 1 })
  })
  test.each([
    { kind: 'sweep', since: head.at },
    { kind: 'catch-up', object: 'cs_1' },
    { kind: 'close-checkout', order: ORDER },
  ] as const)('is never given up when it looks after payments: $kind', (work) => {
    expect(waitsOf({ ...first, work }, 500)).toHaveLength(500)
  })
})
