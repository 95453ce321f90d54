import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Chromium, { inflate } from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { ROOT } from '../house/source.ts'

const FOLDER = join(ROOT, '.tagsale/browser')
const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]
const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

const ACTION_MILLISECONDS_MAX = 10_000

export const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 } }
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 900 } }

/** A real browser: the Chromium that comes with the install on Linux x64, an installed one elsewhere. */
export async function launchBrowser(): Promise<Browser> {
  const isPacked = process.platform === 'linux' && process.arch === 'x64'
  const executablePath = isPacked ? await unpackChromium() : INSTALLED.find(existsSync)
  if (!executablePath) {
    throw new Error(
      'The browser tests need Chrome or Chromium here: only for Linux x64 does one come with the install.',
    )
  }
  return chromium.launch({
    executablePath,
    args: FLAGS,
    env: { ...process.env, ...(isPacked && surroundings(executablePath)) },
  })
}

/** A page that fails the test when the browser's console shows an error. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions,
): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(ACTION_MILLISECONDS_MAX)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text())) errors.push(message.text())
  })
  return { page, errors }
}

/** Unpacked once for all runs, whole or not at all: two runs may come here at once. */
async function unpackChromium(): Promise<string> {
  const executable = join(FOLDER, 'chromium')
  if (existsSync(executable)) return executable
  const unfinished = `${FOLDER}-${randomUUID()}`
  await mkdir(unfinished, { recursive: true })
  const { TMPDIR } = process.env
  process.env.TMPDIR = unfinished // the package unpacks to the temporary folder, and takes half a file for a whole one
  try {
    await Promise.all([
      Chromium.executablePath(),
      inflate(join(ROOT, 'node_modules/@sparticuz/chromium/bin/al2023.tar.br')),
    ])
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
  await rename(unfinished, FOLDER).catch(() => rm(unfinished, { recursive: true }))
  return executable
}

/** On a bare system Chromium lacks libraries and fonts; those that come with it step in. */
function surroundings(executable: string): Record<string, string> {
  const needed = execFileSync('ldd', [executable], { encoding: 'utf8' })
  const libraries = needed.includes('not found') ? { LD_LIBRARY_PATH: join(FOLDER, 'al2023/lib') } : {}
  return existsSync('/etc/fonts/fonts.conf') ? libraries : { ...libraries, FONTCONFIG_PATH: join(FOLDER, 'fonts') }
}
