import './end-with-parent.ts'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import sharp from 'sharp'
import { drawPicture } from './picture.ts'

// A process of its own, started by painted.ts: nothing stops a thread that draws. For each path that it reads, a line with nothing,
// or with why the picture can't be drawn.

sharp.concurrency(1)
sharp.cache(false)
for await (const path of createInterface({ input: process.stdin })) {
  const fault = await draw(path).catch((error: Error) => error.message.replaceAll(/\s+/g, ' ') || 'no picture')
  process.stdout.write(`${fault}\n`)
}

async function draw(path: string): Promise<string> {
  let sizes = 0
  for await (const _ of drawPicture(await readFile(path))) sizes += 1
  return sizes > 0 ? '' : 'it has no pixels'
}
