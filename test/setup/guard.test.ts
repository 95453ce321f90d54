import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createGuard } from '../../app/setup/guard.ts'

function guardWithClock() {
  const clock = { at: Date.parse('2026-11-22T12:00:00Z') }
  return { clock, guard: createGuard({ random: randomBytes, now: () => new Date(clock.at) }) }
}

test('the code is easy to read, and another each time', () => {
  const codes = Array.from({ length: 50 }, () => guardWithClock().guard.code)
  expect(codes.filter((code) => !/^[A-HJKMNP-Z2-9]{4}(-[A-HJKMNP-Z2-9]{4}){3}$/.test(code))).toEqual([])
  expect(new Set(codes).size).toBe(50)
})

test('the code is exchanged once, typed in any way', () => {
  const { guard } = guardWithClock()
  const entered = guard.enter(` ${guard.code.toLowerCase().replaceAll('-', ' ')}`)
  expect(entered).toEqual({ session: expect.stringMatching(/^[\w-]{43}$/) })
  expect(guard.isEntered('session' in entered ? entered.session : '')).toBe(true)
  expect(guard.enter(guard.code)).toEqual({ refused: 'used' })
  expect([guard.isEntered(undefined), guard.isEntered(''), guard.isEntered(guard.code)]).toEqual([false, false, false])
})

test('five wrong codes a minute, then wrong ones wait, and the right one still opens', () => {
  const { guard } = guardWithClock()
  for (let guess = 0; guess < 5; guess += 1) expect(guard.enter(`AAAA-${guess}`)).toEqual({ refused: 'wrong' })
  expect(guard.enter('AAAA')).toEqual({ refused: 'wait' })
  expect(guard.enter(guard.code)).toHaveProperty('session')
})

test('a state is good once, for an hour', () => {
  const { guard, clock } = guardWithClock()
  const [once, late] = [guard.newState(), guard.newState()]
  expect([guard.redeemState(once), guard.redeemState(once), guard.redeemState('')]).toEqual([true, false, false])
  clock.at += 60 * 60_000
  expect(guard.redeemState(late)).toBe(false)
})

test('only the last twenty states are kept', () => {
  const { guard } = guardWithClock()
  const states = Array.from({ length: 21 }, guard.newState)
  expect(states.map(guard.redeemState)).toEqual([false, ...Array(20).fill(true)])
})
