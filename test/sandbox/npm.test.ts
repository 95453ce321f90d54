import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../house/source.ts'
import { eventually } from '../support/sandbox.ts'

test.runIf(process.platform === 'linux')('what npm has started ends when npm is killed, shell or not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-npm-'))
  const program = `
    const { writeFileSync } = await import('node:fs')
    const { whenNpmEnds } = await import('${join(ROOT, 'sandbox/process/npm.ts')}')
    whenNpmEnds(() => { writeFileSync('ended', ''); process.exit() })
    writeFileSync('started', '')
    setTimeout(() => {}, 30_000)`
  // As npm runs a script: by a shell that waits for it.
  const line = `"${process.execPath}" --input-type=module -e "$PROGRAM"; true`
  const start = `process.title = 'npm start'
    require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(line)}], { stdio: 'ignore' })`
  const npm = spawn(process.execPath, ['-e', start], { cwd: folder, env: { ...process.env, PROGRAM: program } })
  const isThere = (name: string) => eventually(async () => existsSync(join(folder, name)), Boolean)
  await isThere('started')
  npm.kill('SIGKILL')
  await isThere('ended')
  expect(npm.killed).toBe(true)
  await rm(folder, { recursive: true })
})
