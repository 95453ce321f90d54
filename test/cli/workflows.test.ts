import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '../house/source.ts'

type Step = {
  name?: string
  run?: string
  'working-directory'?: string
  env?: Record<string, string>
  with?: Record<string, unknown>
}
type Workflow = {
  on: Record<string, { inputs?: Record<string, { default?: string }> }>
  jobs: Record<string, { steps: Step[] }>
}

const FOLDER = join(ROOT, '.github/workflows')
const REUSABLE = ['build-storefront.yml', 'check-catalog.yml']

const workflow = (name: string) => parse(readFileSync(join(FOLDER, name), 'utf8')) as Workflow
const stepsOf = (name: string) => Object.values(workflow(name).jobs).flatMap(({ steps }) => steps)

describe.each(REUSABLE)('%s, called', (name) => {
  test('runs the code of its own commit, from a folder beside the catalog', () => {
    expect(Object.keys(workflow(name).on)).toEqual(['workflow_call'])
    const places = stepsOf(name).flatMap((step) => step.with?.path ?? [])
    expect(places.slice(0, 2)).toEqual(['shop', 'tagsale'])
    const own = stepsOf(name).find((step) => step.with?.path === 'tagsale')
    expect(own?.with).toMatchObject({ repository: `\${{ job.workflow_repository }}`, ref: `\${{ job.workflow_sha }}` })
  })

  test('installs what it needs, and nothing of the caller', () => {
    const install = stepsOf(name).find(({ run }) => run?.startsWith('npm'))
    expect(install).toMatchObject({ run: 'npm ci --omit=dev', 'working-directory': 'tagsale' })
  })
})

describe('the lines that they run', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagsale-workflow-'))
    await mkdir(join(folder, 'shop'))
    await cp(join(ROOT, 'test/fixtures/catalog'), join(folder, 'shop/catalog'), { recursive: true })
    await symlink(ROOT, join(folder, 'tagsale'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** Runs a step as a runner does: in its folder, with its variables, in bash that stops at a failure. */
  function runStep(name: string, inputs: Record<string, string>): Promise<{ code: number; out: string }> {
    const step = stepsOf(name).find(({ env }) => env?.FOLDER)
    if (!step?.run) throw new Error(`${name} has no such step`)
    const given = (text: string) => text.replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, input) => inputs[input] ?? '')
    const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, given(value)]))
    const options = { cwd: join(folder, step['working-directory'] ?? '.'), env: { ...process.env, ...env } }
    return new Promise((done) => {
      execFile('bash', ['-e', '-o', 'pipefail', '-c', step.run ?? ''], options, (error, stdout, stderr) =>
        done({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout + stderr }),
      )
    })
  }

  test('a good catalog passes', async () => {
    expect(await runStep('check-catalog.yml', { folder: 'catalog' })).toEqual({
      code: 0,
      out: expect.stringMatching(/^\d+ products \(\d+ for sale\), \d+ assets: all well\.\n$/),
    })
  })

  test('a mistake is an annotation on its line of the file in the repository, and fails the job', async () => {
    const file = join(folder, 'shop/catalog/products/sticker.yaml')
    await writeFile(file, `${await readFile(file, 'utf8')}colour: red\n`)
    const { code, out } = await runStep('check-catalog.yml', { folder: 'catalog' })
    expect(code).toBe(1)
    expect(out).toMatch(/^::error file=catalog\/products\/sticker\.yaml,line=\d+,/m)
  })

  test.each(['--help', '$(touch pwned)', '; touch pwned', '`touch pwned`'])(
    'an input is a folder and nothing else: %s',
    async (name) => {
      const { code } = await runStep('check-catalog.yml', { folder: name })
      expect(code).toBe(1)
      expect(await readdir(join(folder, 'shop'))).toEqual(['catalog'])
    },
  )

  test('a storefront is built that sends its buyers to the app', { timeout: 120_000 }, async () => {
    const inputs = {
      folder: 'catalog',
      'site-url': 'https://www.heron.example',
      'app-url': 'https://shop.heron.example',
    }
    expect(await runStep('build-storefront.yml', inputs)).toMatchObject({ code: 0 })
    const page = await readFile(join(folder, 'storefront/products/sticker/index.html'), 'utf8')
    expect(page).toContain('action="https://shop.heron.example/api/v1/checkouts"')
    expect(page).toContain('https://www.heron.example/products/sticker/')
    // And again: what is there is never overwritten.
    expect(await runStep('build-storefront.yml', inputs)).toEqual({
      code: 2,
      out: expect.stringContaining('is not empty'),
    })
  })
})
