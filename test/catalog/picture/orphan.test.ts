import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

const ORPHAN = new URL('../../../catalog/picture/end-with-parent.ts', import.meta.url).href
/** Starts a process that would run for ever, says its number, and is killed. */
const PARENT = `
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['--import', ${JSON.stringify(ORPHAN)}, '-e', 'setInterval(() => {}, 1000); console.log("on")'])
  child.stdout.once('data', () => console.log(child.pid))
`

test('a process whose parent was killed ends too', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT])
  const [said] = await once(parent.stdout, 'data')
  const orphan = Number(String(said).trim())
  const isThere = () => {
    try {
      return process.kill(orphan, 0)
    } catch {
      return false
    }
  }
  expect(isThere()).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(isThere, { timeout: 15_000 }).toBe(false)
}, 20_000)
