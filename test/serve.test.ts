import { spawn, spawnSync } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startGitHub } from '../sandbox/github.ts'
import { ROOT } from './house/source.ts'
import { SETTINGS } from './http/open-api.ts'
import { anyPort } from './support/port.ts'
import { eventually } from './support/sandbox.ts'

/** Somebody who may write nowhere in the code. */
const NOBODY = 65_534
/** Whether a process can be that user's, and read the code; not so where the tests are somebody's who is not root. */
const mayBeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, [join(ROOT, 'app/http/starting.ts')], { uid: NOBODY, gid: NOBODY, cwd: '/' }).status === 0

/** `npm run serve` with these settings and no others; the data's folder is its own, and all it may write. */
async function serve(settings: Record<string, string>, uid?: number) {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-serve-'))
  const env = { PATH: process.env.PATH, HOST: '127.0.0.1', DATA_FOLDER: join(folder, 'data'), ...settings }
  if (uid !== undefined) await mkdir(env.DATA_FOLDER).then(() => chown(env.DATA_FOLDER, uid, uid))
  if (uid !== undefined) await chmod(folder, 0o755)
  const child = spawn(process.execPath, [join(ROOT, 'app/main.ts')], {
    ...{ cwd: folder, env },
    ...(uid !== undefined && { uid, gid: uid }),
  })
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

test.runIf(mayBeNobody)(
  'an unprivileged user goes from the setup to the shop, writes nothing but data, and somebody always answers',
  { timeout: 60_000 },
  async () => {
    const github = await startGitHub({
      releases: [{ repository: 'heron/goods', tag: 'v1', file: 'a', bytes: Buffer.from('a') }],
    })
    const port = String(await anyPort())
    const url = `http://localhost:${port}`
    const served = await serve(
      {
        ...texts(WITHOUT_APP),
        ...{ TAGSALE_MODE: 'sandbox', SHOP_URL: url, PORT: port, CATALOG_FOLDER: join(ROOT, 'test/fixtures/catalog') },
        ...{ GITHUB_API_URL: github.url, GITHUB_URL: github.url, STRIPE_API_URL: 'http://127.0.0.1:1' },
      },
      NOBODY,
    )
    const alive = watchHealth(url)
    const said = await eventually(
      async () => served.output(),
      (output) => /enter this code: [\w-]+/.test(output),
    )
    alive.begin()
    await registerApp(url, /enter this code: ([\w-]+)/.exec(said)?.[1] ?? '')
    const home = await eventually(
      async () => {
        const answer = await fetch(url)
        return { status: answer.status, text: await answer.text(), said: served.output() }
      },
      ({ text }) => text.includes('Heron'),
      45,
    )
    expect(home.status).toBe(200)
    const lines = served
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.find(({ msg }) => msg.startsWith('The desk, for maintainers'))?.msg).toContain(`${url}/desk`)
    expect(new Set(await alive.end())).toEqual(new Set([200]))
    expect((await fetch(`${url}/setup`, { redirect: 'manual' })).headers.get('location')).toBe('/desk')
    await served.stop()
    await github.close()
  },
)

/** Asks whether the process lives, over a new connection each time, and notes what is answered. */
function watchHealth(url: string) {
  const seen: (number | string)[] = []
  let isOn = true
  const look = async () => {
    for (; isOn; await sleep(10)) {
      const answer = await fetch(`${url}/healthz`, { headers: { connection: 'close' } }).catch((error) => error)
      seen.push(answer.status ?? String(answer.cause?.code ?? answer))
    }
  }
  let looking = Promise.resolve()
  return {
    begin: () => {
      looking = look()
    },
    async end() {
      isOn = false
      await looking
      return seen
    },
  }
}

/** The way through the setup that a browser takes. */
async function registerApp(url: string, code: string): Promise<void> {
  let cookie = ''
  const browse = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { redirect: 'manual', ...init, headers: { origin: url, cookie } })
  const entered = await browse('/setup/enter', { method: 'POST', body: new URLSearchParams({ code }) })
  cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
  const page = await (await browse('/setup/register?account=personal')).text()
  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(page) ?? []
  const manifest = (/name="manifest" value="([^"]+)"/.exec(page)?.[1] ?? '').replaceAll('&quot;', '"')
  const { name } = JSON.parse(manifest)
  const body = new URLSearchParams({ manifest, name })
  const made = await fetch(action, { method: 'POST', body, redirect: 'manual' })
  await browse(made.headers.get('location')?.replace(url, '') ?? '')
  const shown = await (await browse('/setup')).text()
  // Nobody may write `.env` where it runs, so the credentials are shown.
  expect(shown).toContain('Keep these settings')
  await browse('/setup/copied', { method: 'POST' })
  expect(await (await browse('/setup')).text()).toContain('The shop is starting now')
}

test('with more missing than the App, it says what, and registers nothing', async () => {
  const { STRIPE_SECRET_KEY: ____, ...settings } = WITHOUT_APP
  const served = await serve(texts(settings))
  expect(await served.exited).toBe(1)
  expect(served.output()).toBe("The shop can't start:\nSTRIPE_SECRET_KEY is missing.\n")
  await served.stop()
})
