import { describe, expect, it } from 'vitest'
import { newFolder, run } from './stores.ts'

describe('bad usage', () => {
  it.each([
    'store',
    'store mend',
    'store check now',
    'store copy',
    'store copy --from a',
    'store copy --from a --to ./a',
    'store key --new x',
    'desk now',
    'backup',
    'backup a b',
    'restore',
    'restore a --force',
    'erase',
    'erase Ada',
    'erase a@example.org b@example.org',
    'toString',
  ])('tagsale %s ends with 2, and a sentence', async (line) => {
    const { code, out, error } = await run({ DATA_FOLDER: newFolder() }, line)
    expect([code, out]).toEqual([2, ''])
    expect(error).toMatch(/^[A-Z].*[.?:] Try: tagsale help\n$/)
  })
})
