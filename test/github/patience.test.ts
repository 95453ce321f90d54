import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectGitHub } from '../../app/github/client.ts'
import { describeReleaseFile, openReleaseFile } from '../../app/github/release.ts'
import { openGitHub } from '../support/github.ts'

const film = { repository: 'tern/goods', tag: 'v1.0', file: 'film.mp4' }
const SIZE = 8_000_000

async function setUp(faults: object) {
  const github = await openGitHub({ app: { id: 7 }, releases: [{ ...film, bytes: Buffer.alloc(SIZE, 7) }] })
  onTestFinished(() => github.close())
  const { url: baseUrl, privateKey } = github
  const log = pino({ level: 'silent' })
  const parts = { ...(await connectGitHub({ appId: 7, privateKey, baseUrl, log })), now: () => new Date() }
  await describeReleaseFile(parts, film)
  await github.control('faults', faults)
  return parts
}

describe.concurrent('patience', () => {
  test('a buyer is told within seconds when GitHub says nothing', async () => {
    const parts = await setUp({ delayMs: 7000 })
    const start = performance.now()
    await expect(openReleaseFile(parts, film)).rejects.toMatchObject({ reason: 'unavailable' })
    expect(performance.now() - start).toBeLessThan(5500)
  })

  test('a file on its way may take longer than the answer did', async () => {
    const parts = await setUp({ stream: true })
    const opened = await openReleaseFile(parts, film)
    if (!('stream' in opened)) throw new Error('expected a stream')
    await sleep(4500)
    expect((await new Response(opened.stream).arrayBuffer()).byteLength).toBe(SIZE)
  })
})
