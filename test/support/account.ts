import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'

/** A store, a clock that a test can move, and randomness: what accounts are made of. */
export async function openAccounts() {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-account-'))
  const onFailure = (error: Error) => {
    throw error
  }
  const store = await openSqliteStore({ folder, key: 'k'.repeat(32), random: randomBytes, onFailure })
  const clock = { now: new Date('2026-03-01T09:00:00.000Z') }
  return {
    clock,
    parts: { store, now: () => clock.now, random: randomBytes },
    pass: (minutes: number) => {
      clock.now = new Date(clock.now.getTime() + minutes * 60_000)
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
