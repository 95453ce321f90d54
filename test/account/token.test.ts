import { expect, test } from 'vitest'
import { isSecretOf } from '../../app/account/secret.ts'
import { isTokenName, makeToken, personOfToken } from '../../app/account/token.ts'
import { openAccounts } from '../support/account.ts'

const DAY_MINUTES = 24 * 60
const wanted = { name: 'nightly export', role: 'write', days: 30, by: 'ada' } as const

test('a token says who comes, until it is over or revoked; its text is kept nowhere', async () => {
  await using accounts = await openAccounts()
  const { parts } = accounts
  const { text, token } = await makeToken(parts, wanted)
  expect(text).toMatch(/^tagsale_[0-9a-f]{16}_[\w-]{43}$/)
  expect(await personOfToken(parts, text)).toEqual({ name: 'nightly export', role: 'write', via: 'token' })
  const kept = JSON.stringify(await parts.store.credentials(parts.now()))
  expect(kept).toContain(token.hash)
  expect(kept).not.toContain(text.slice(-43))
  accounts.pass(30 * DAY_MINUTES - 1)
  expect(await personOfToken(parts, text)).toBeDefined()
  accounts.pass(1)
  expect(await personOfToken(parts, text)).toBeUndefined()

  const other = await makeToken(parts, wanted)
  await parts.store.changeCredential(other.token.id, () => undefined)
  expect(await personOfToken(parts, other.text)).toBeUndefined()
})

test('what looks like a token lets nobody in', async () => {
  await using accounts = await openAccounts()
  const { parts } = accounts
  const { text, token } = await makeToken(parts, wanted)
  const other = await makeToken(parts, wanted)
  const tries = {
    'nothing at all': '',
    'its hash': `tagsale_${token.id}_${token.hash}`,
    'another secret': `tagsale_${token.id}_${other.text.slice(-43)}`,
    'an id that nobody has': `tagsale_${'0'.repeat(16)}_${text.slice(-43)}`,
    'one letter less': text.slice(0, -1),
    'one letter more': `${text}a`,
    'a percent sign': text.replace(token.id, '%'),
  }
  for (const [what, given] of Object.entries(tries)) expect(await personOfToken(parts, given), what).toBeUndefined()
  const session = { ...token, id: 'a'.repeat(16), kind: 'session' as const }
  await parts.store.changeCredential(session.id, () => session)
  expect(await personOfToken(parts, text.replace(token.id, session.id)), 'a session as a token').toBeUndefined()
})

test('a secret is compared with nothing as with something', () => {
  expect(isSecretOf('', undefined)).toBe(false)
  expect(isSecretOf('secret', undefined)).toBe(false)
})

test('a token is good for a year at most, and its use is noted to some minutes', async () => {
  await using accounts = await openAccounts()
  const { parts } = accounts
  const { text, token } = await makeToken(parts, { ...wanted, days: 10_000 })
  expect(token.endsAt).toBe('2027-03-02T09:00:00.000Z')
  const usedAt = async () => (await parts.store.credential(token.id))?.usedAt
  expect(await usedAt()).toBeUndefined()
  await personOfToken(parts, text)
  const first = await usedAt()
  accounts.pass(4)
  await personOfToken(parts, text)
  expect(await usedAt()).toBe(first)
  accounts.pass(1)
  await personOfToken(parts, text)
  expect(await usedAt()).toBe(parts.now().toISOString())
})

test('a token’s name is a few plain words', () => {
  expect(['CI', 'nightly export', 'v1.2_x-y'].filter(isTokenName)).toHaveLength(3)
  expect(['', ' x', 'a\nb', '<b>', 'ada@example.org', 'x'.repeat(51)].filter(isTokenName)).toEqual([])
})
