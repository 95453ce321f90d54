import { describe, expect, test } from 'vitest'
import { type Job, jobDueAt } from '../../app/job/job.ts'
import { ensureSweep, type Sweep, sweptAgain } from '../../app/job/sweep.ts'

const SWEEP: Sweep = { id: 'sweep', kind: 'sweep', everySeconds: 60, overlapMinutes: 10, keptMinutes: 60 }
const at = (time: string) => new Date(`2026-03-01T${time}Z`)
const job = (due: string, since: string): Job =>
  jobDueAt(at(due).toISOString(), { kind: 'sweep', since: at(since).toISOString() }, 'sweep')

describe('at start', () => {
  const now = at('10:00:00')
  test('there is one, also where none was, and it looks back a little', () => {
    expect(ensureSweep(SWEEP, undefined, now)).toEqual([job('10:00:00', '09:50:00')])
  })
  test.each([
    ['due long ago', job('07:00:00', '06:50:00')],
    ['put off after failures', { ...job('11:00:00', '09:50:00'), attempts: 9 }],
  ])('one that is %s is left as it is, so that the whole gap is looked through', (_, known) => {
    expect(ensureSweep(SWEEP, known, now)).toEqual([])
  })
  test.each([
    ['a place in the future', job('10:00:30', '11:00:00')],
    ['a time that is hours ahead', job('13:00:00', '09:50:00')],
  ])('one with %s, from when the clock was wrong, looks three days back at once', (_, known) => {
    const [again] = ensureSweep(SWEEP, known, now)
    expect(again).toMatchObject({ dueAt: now.toISOString(), work: { since: '2026-02-26T10:00:00.000Z' }, attempts: 0 })
  })
})

describe('it comes again', () => {
  test.each([
    ['10:00:00.000', '10:01:00.000'],
    ['10:00:00.007', '10:01:00.000'],
    ['10:00:59.999', '10:01:00.000'],
  ])('on the minute: begun at %s, at %s', (begun, due) => {
    expect(sweptAgain(SWEEP, at('09:50:00'), at(begun), 0)).toEqual({ end: 'later', at: at(due) })
  })
  test('from where it was, when it found something', () => {
    const outcome = sweptAgain(SWEEP, at('09:50:00'), at('10:00:20'), 1)
    expect(outcome).toEqual({ end: 'again', job: job('10:01:00', '09:50:20') })
  })
  test('from where it was, when its place is old', () => {
    expect(sweptAgain(SWEEP, at('08:59:00'), at('10:00:00'), 0)).toMatchObject({ end: 'again' })
  })
})
