import { inject } from 'vitest'

/** A fresh, empty PostgreSQL database in the test run's server: its connection string. */
export async function newDatabase(): Promise<string> {
  const answer = await fetch(inject('databases'))
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}
