import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './house/source.ts'
import { SETTINGS } from './http/open-api.ts'
import { anyPort } from './support/port.ts'
import { eventually } from './support/sandbox.ts'

/** `npm run serve` with these settings and no others, in a folder of its own. */
async function serve(settings: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-serve-'))
  const env = { PATH: process.env.PATH, HOST: '127.0.0.1', DATA_FOLDER: folder, ...settings }
  const child = spawn(process.execPath, [join(ROOT, 'app/main.ts')], { cwd: folder, env })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  return {
    output: () => output,
    exited,
    async stop() {
      child.kill()
      await exited
      await rm(folder, { recursive: true })
    },
  }
}

const { GITHUB_APP_ID: _, GITHUB_PRIVATE_KEY: __, GITHUB_WEBHOOK_SECRET: ___, ...WITHOUT_APP } = SETTINGS
const texts = (settings: object) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, `${value}`]))

test('without a GitHub App it serves the page to register one, and says where and with which code', async () => {
  const port = String(await anyPort())
  const served = await serve({ ...texts(WITHOUT_APP), SHOP_URL: `http://localhost:${port}`, PORT: port })
  const said = await eventually(
    async () => served.output(),
    (output) => /enter this code: \S+/.test(output),
  )
  expect(said).toContain(`http://localhost:${port}/setup`)
  const page = await fetch(`http://localhost:${port}/setup`)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('This shop has no GitHub App yet')])
  await served.stop()
})

test('with more missing than the App, it says what, and registers nothing', async () => {
  const { STRIPE_SECRET_KEY: ____, ...settings } = WITHOUT_APP
  const served = await serve(texts(settings))
  expect(await served.exited).toBe(1)
  expect(served.output()).toBe("The shop can't start:\nSTRIPE_SECRET_KEY is missing.\n")
  await served.stop()
})
