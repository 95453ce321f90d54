import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openListener } from '../../app/http/server.ts'
import { createLog } from '../../app/log.ts'
import { runSetup } from '../../app/setup/setup.ts'
import { startGitHub } from '../../sandbox/github.ts'
import { launchBrowser, openPage, PHONE } from '../support/browser.ts'
import { anyPort } from '../support/port.ts'

let browser: Browser
let folder = ''
beforeAll(async () => {
  browser = await launchBrowser()
  folder = await mkdtemp(join(tmpdir(), 'tagsale-setup-'))
})
afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
})

test('a maintainer registers the App on a phone, without scripts and in the dark', { timeout: 90_000 }, async () => {
  const github = await startGitHub({
    releases: [{ repository: 'heron/goods', tag: 'v1', file: 'a', bytes: Buffer.from('a') }],
  })
  const port = await anyPort()
  const url = `http://localhost:${port}`
  const envFile = join(folder, '.env')
  const said: string[] = []
  const settings = { SHOP_URL: url, PORT: port, HOST: '127.0.0.1', GITHUB_API_URL: github.url, GITHUB_URL: github.url }
  const log = createLog({ LOG_LEVEL: 'silent' })
  const say = (line: string) => said.push(line)
  const listener = await openListener(settings, () => new Response('nothing yet', { status: 503 }))
  const credentials = runSetup({ listener, settings, envFile, say, random: randomBytes, now: () => new Date(), log })
  const { page, errors } = await openPage(browser, { ...PHONE, colorScheme: 'dark', javaScriptEnabled: false })
  const violations: string[] = []
  const look = async () => {
    const scripted = await browser.newContext({ ...PHONE, colorScheme: 'dark' })
    const copy = await scripted.newPage()
    await copy.route('**/setup/style.css', async (route) =>
      route.fulfill({ path: join(folder, 'style.css'), contentType: 'text/css' }),
    )
    await copy.setContent((await page.content()).replace('<head>', `<head><base href="${url}/">`))
    const { violations: found } = await new AxeBuilder({ page: copy }).analyze()
    violations.push(...found.map(({ id, nodes }) => `${page.url()}: ${id} ${nodes[0]?.html}`))
    const width = await copy.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(360)
    await scripted.close()
  }
  try {
    await page.goto(`${url}/setup`)
    const { writeFile } = await import('node:fs/promises')
    await writeFile(join(folder, 'style.css'), await (await fetch(`${url}/setup/style.css`)).text())
    await look()
    await page.getByLabel('Code').fill(/code: (\S+)$/.exec(said[0] ?? '')?.[1] ?? '')
    await page.getByRole('button', { name: 'Go on' }).click()
    await look()
    await page.getByLabel(/Name of the organisation/).fill('heron')
    await page.getByRole('button', { name: 'Go on' }).click()
    await look()
    await page.getByRole('button', { name: 'Go to GitHub' }).click()
    await page.getByRole('button', { name: /Create GitHub App for heron/ }).click()
    await page.getByRole('heading', { name: /is registered/ }).waitFor()
    expect(page.url()).toBe(`${url}/setup`)
    await look()
    const way = await page.getByRole('link', { name: 'Install it' }).getAttribute('href')
    expect(way).toMatch(new RegExp(`^${github.url}/apps/localhost-[0-9a-f]{4}/installations/new$`))
    const { GITHUB_APP_ID } = await credentials
    expect(await readFile(envFile, 'utf8')).toContain(`GITHUB_APP_ID=${GITHUB_APP_ID}\n`)
    expect(violations).toEqual([])
    expect(errors).toEqual([])
  } finally {
    await page.context().close()
    await github.close()
  }
})
