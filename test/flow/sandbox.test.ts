import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientFor, push } from '../support/github.ts'
import { eventually, type Sandbox, startSandbox } from '../support/sandbox.ts'
import { FIXTURE_CATALOG } from '../support/shop.ts'

// `npm start` as a process: killed, started again, edited under its feet, and stopped.

let folder: string
let sandbox: Sandbox
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-start-'))
  await cp(FIXTURE_CATALOG, join(folder, 'catalog'), { recursive: true })
  sandbox = await start()
}, 120_000)
afterAll(async () => {
  await sandbox?.close()
  await rm(folder, { recursive: true, force: true })
})

const start = (port?: number) =>
  startSandbox({ catalog: join(folder, 'catalog'), state: join(folder, 'state'), ...(port ? { port } : {}) })

async function checkOut(price: string) {
  const answer = await fetch(`${sandbox.shop}/api/v1/checkouts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ lines: [{ price, quantity: 1 }] }),
  })
  return (await answer.json()) as { order: string; url: string }
}

test('killed in the middle of a sale and started again, it has lost nothing and mails one receipt', async () => {
  const { order, url } = await checkOut('guide/pdf')
  await sandbox.control('stripe', 'chaos', { hold: true })
  const session = url.split('/').at(-1)
  await sandbox.control('stripe', `sessions/${session}/pay`, { outcome: 'pay', email: 'mira@example.org' })
  await sandbox.control('stripe', 'kept') // Stripe itself forgets nothing when a shop dies
  const port = Number(new URL(sandbox.shop).port)
  await sandbox.stop('SIGKILL')
  sandbox = await start(port)
  await sandbox.control('stripe', 'release', {})
  const mails = await eventually(sandbox.mails, (all) => all.length > 0)
  const page = /http\S+\/orders\/\S+/.exec(mails[0]?.text ?? '')?.[0] ?? ''
  expect(page).toContain(order)
  expect(await (await fetch(page)).text()).toContain('Your payment has arrived.')
  await eventually(sandbox.mails, (all) => all.length === 1)
}, 60_000)

test('an edited price is in the shop within seconds; a mistake is shown, and the last good catalog stays', async () => {
  const file = join(folder, 'catalog/products/guide.yaml')
  const text = await readFile(file, 'utf8')
  const page = async () => (await fetch(`${sandbox.shop}/products/guide/`)).text()
  await writeFile(file, text.replaceAll('"19.00"', '"18.50"'))
  await eventually(page, (html) => html.includes('€18.50'), 20)
  await writeFile(file, text.replaceAll('"19.00"', '"18.505"'))
  const output = await eventually(
    async () => sandbox.output(),
    (all) => all.includes('18.505'),
  )
  expect(output).toContain('products/guide.yaml:')
  expect(output).toContain('The shop still shows the last good catalog.')
  expect(await page()).toContain('€18.50')
  const { url } = await checkOut('guide/pdf')
  expect(await (await fetch(url)).text()).toContain('Pay €18.50')
  // Editors save by renaming: the second such save of one file must be seen as well as the first.
  for (const price of ['17.10', '17.20']) {
    await writeFile(`${file}.new`, text.replaceAll('"19.00"', `"${price}"`))
    await rename(`${file}.new`, file)
    await eventually(page, (html) => html.includes(`€${price}`), 20)
  }
  await rm(join(folder, 'catalog/products/leaflet.yaml'))
  const leaflet = async () => (await fetch(`${sandbox.shop}/products/leaflet/`)).status
  await eventually(leaflet, (status) => status === 404, 20)
}, 90_000)

test('a merged change is not undone by an edit here: that is said, and pull brings it', async () => {
  const path = 'catalog/products/sticker.yaml'
  const file = join(folder, path)
  const text = await readFile(file, 'utf8')
  const state = await readFile(join(folder, 'state/sandbox/github/github.json'), 'utf8')
  const token = /"(ghp_\w+)","maintainer"/.exec(state)?.[1] ?? ''
  const merged = text.replace(/^description: .*$/m, 'description: Merged there.')
  const place = { owner: 'heron', repo: 'shop' }
  await push(clientFor(sandbox.github, token), place, { branch: 'main', change: { [path]: merged } })
  await writeFile(file, text.replace(/^name: .*$/m, 'name: Edited here'))
  const said = await eventually(
    async () => sandbox.output(),
    (all) => all.includes('Type pull'),
  )
  expect(said).toContain(`yours would undo that:\n    ${path}\n`)
  sandbox.type('pull')
  const page = async () => (await fetch(`${sandbox.shop}/products/sticker/`)).text()
  await eventually(page, (html) => html.includes('Edited here') && html.includes('Merged there.'), 20)
  expect(await readFile(file, 'utf8')).toContain('Merged there.')
}, 60_000)

test('a second sandbox in the same folder, or on the same port, is refused in one sentence', async () => {
  const port = Number(new URL(sandbox.shop).port)
  await expect(startSandbox({ catalog: FIXTURE_CATALOG, port })).rejects.toThrow(/Port \d+ is taken\. Choose another/)
  await expect(start()).rejects.toThrow(/Another process is using/)
}, 60_000)

test('what it can not use is said in a sentence', async () => {
  await writeFile(join(folder, 'a-file'), '')
  const unusable = startSandbox({ catalog: FIXTURE_CATALOG, state: join(folder, 'a-file') })
  await expect(unusable).rejects.toThrow(/can't be written \(\w+\)\. Choose another folder/)
})

test('asked to stop, it stops, and nothing answers any more', async () => {
  expect(await sandbox.stop('SIGTERM')).toBe(0)
  expect(existsSync(join(folder, 'state/sandbox.json'))).toBe(false)
  for (const address of [sandbox.shop, sandbox.stripe, sandbox.github, sandbox.inbox]) {
    await expect(fetch(address)).rejects.toThrow()
  }
})

test('with --fresh it begins again, and without it goes on', async () => {
  const port = Number(new URL(sandbox.shop).port)
  const state = join(folder, 'state')
  sandbox = await startSandbox({ catalog: FIXTURE_CATALOG, state, port })
  expect(await sandbox.mails()).toHaveLength(1)
  await sandbox.stop()
  sandbox = await startSandbox({ catalog: FIXTURE_CATALOG, state, port, args: ['--fresh'] })
  expect(await sandbox.mails()).toEqual([])
}, 60_000)
