import { readFileSync } from 'node:fs'
import { isAlive } from './lock.ts'

const LOOK_MILLISECONDS = 500

/** Acts when npm, which started us, has ended: it passes on neither a SIGTERM nor, of course, a SIGKILL. */
export function whenNpmEnds(act: () => void): void {
  const parent = process.ppid
  const npm = npmAbove(parent)
  const hasEnded = () => process.ppid !== parent || (npm !== undefined && !isAlive(npm))
  setInterval(() => hasEnded() && act(), LOOK_MILLISECONDS).unref()
}

/** npm's number, where a shell stands between, which outlives it; nothing where none does, or the system does not tell. */
function npmAbove(shell: number): number | undefined {
  try {
    const above = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${shell}/status`, 'utf8'))?.[1])
    return /^npm\b/.test(readFileSync(`/proc/${above}/comm`, 'utf8')) ? above : undefined
  } catch {
    return undefined // it has ended already, or this is no Linux
  }
}
