import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { passOn } from '../../app/fulfillment/pass-on.ts'

const WHOLE = 'a book about herons'
const file = { name: 'guide.pdf', size: WHOLE.length, sha256: createHash('sha256').update(WHOLE).digest('hex') }
const chunks = (text: string) => new Blob([text.slice(0, 5), text.slice(5)]).stream()

/** What a buyer has by the end, or when it breaks off. */
async function taken(text: string, facts = file): Promise<{ got: string; brokeOff: boolean }> {
  let got = ''
  try {
    for await (const bytes of passOn(chunks(text), facts) as unknown as AsyncIterable<Uint8Array>)
      got += Buffer.from(bytes).toString()
    return { got, brokeOff: false }
  } catch {
    return { got, brokeOff: true }
  }
}

test('the bytes that GitHub says it has pass as they are', async () => {
  expect(await taken(WHOLE)).toEqual({ got: WHOLE, brokeOff: false })
  expect(await taken('', { ...file, size: 0, sha256: createHash('sha256').digest('hex') })).toMatchObject({ got: '' })
})

test.each([
  ['others of the same length', WHOLE.replace('herons', 'malice')],
  ['fewer', WHOLE.slice(0, -1)],
  ['more', `${WHOLE}!`],
  ['none', ''],
])('%s break off, and are never whole', async (_, text) => {
  const { got, brokeOff } = await taken(text)
  expect(brokeOff).toBe(true)
  expect(got.length).toBeLessThan(WHOLE.length)
})

test('without a digest, as GitHub has for old files, the size is compared', async () => {
  expect(await taken(WHOLE.slice(1), { ...file, sha256: null as unknown as string })).toMatchObject({ brokeOff: true })
})
