import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { pictureBytes, pictureOf } from '../../site/pictures.ts'

test('files with the same bytes are one picture, drawn once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pictures-'))
  const raw = { width: 4, height: 2, channels: 3 } as const
  const pixels = sharp(randomBytes(4 * 2 * 3), { raw }) // never drawn before, so never in the cache
  const bytes = await pixels.resize({ width: 1200 }).png().toBuffer()
  const files = ['one.png', 'two.png', 'three.png', 'four.png']
  await Promise.all(files.map((file) => writeFile(join(folder, file), bytes)))

  const pictures = await Promise.all(files.map((file) => pictureOf(folder, file)))
  const [first] = pictures
  onTestFinished(async () => {
    const hash = first?.names[0]?.split('-')[0]
    const drawn = [...(first?.names ?? []), `${hash}.json`].map((name) => rm(join('.tagsale/pictures', name)))
    await Promise.all([...drawn, rm(folder, { recursive: true })])
  })
  expect(new Set(pictures).size).toBe(1)
  expect([first?.width, first?.height, first?.names.length]).toEqual([960, 480, 2])
  for (const name of first?.names ?? []) {
    expect((await sharp(await pictureBytes(name)).metadata()).format).toBe('webp')
  }
})
