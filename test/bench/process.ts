import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

// What a process costs, with all the processes below it, as Linux counts it. Others on the machine change how long
// something takes, and hardly how much processor time it needs.

const TICK_MILLISECONDS = 10 // in /proc, of every Linux
const STOP_SECONDS_MAX = 20

export type Running = {
  /** Processor time until now, of every core, with what its ended children used. */
  processorMilliseconds: () => number
  /** Memory that it holds now. */
  residentMegabytes: () => number
  hasEnded: () => boolean
  /** What it has printed. */
  output: () => string
  /** Ends it as Ctrl-C does. */
  stop: () => Promise<void>
}

/** Starts Node in a folder with these variables and no others; what it prints goes to a file. */
export function startNode(args: string[], options: { cwd: string; env: Record<string, string>; log: string }): Running {
  const { cwd, log } = options
  const { PATH = '', HOME = '' } = process.env
  const file = openSync(log, 'w')
  const env = { PATH, HOME, ...options.env }
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', file, file] })
  closeSync(file)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill) // nothing is left running by a benchmark that fails
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const tree = () => familyOf(child.pid ?? 0)
  return {
    processorMilliseconds: () => tree().reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MILLISECONDS,
    residentMegabytes: () => tree().reduce((sum, { pid }) => sum + residentKilobytes(pid), 0) / 1024,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    output: () => readFileSync(log, 'utf8'),
    async stop() {
      child.kill('SIGINT')
      await Promise.race([exited, sleep(STOP_SECONDS_MAX * 1000, undefined, { ref: false })])
      kill()
      await exited
      process.off('exit', kill)
    },
  }
}

type Process = { pid: number; parent: number; ticks: number }

/** The process and all that it started, and they started. */
function familyOf(root: number): Process[] {
  const all = readdirSync('/proc').filter(Number).flatMap(statOf)
  const family = all.filter(({ pid }) => pid === root)
  for (const { pid } of family) family.push(...all.filter(({ parent }) => parent === pid))
  return family
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: a name in brackets, then fields from the third on. */
function statOf(pid: string): Process[] {
  const text = orNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  if (!fields) return []
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number)
  return [{ pid: Number(pid), parent: Number(fields[1]), ticks: user + system + childrenUser + childrenSystem }]
}

function residentKilobytes(pid: number): number {
  const status = orNothing(() => readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(/^VmRSS:\s+(\d+)/m.exec(status ?? '')?.[1] ?? 0)
}

/** A process may end while it is looked at. */
function orNothing(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
