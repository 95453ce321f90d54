import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Sentence } from './sentence.ts'

// The shop itself: the very code that runs live, as a process of its own. Only its settings are others.

const APP = fileURLToPath(new URL('../../app/main.ts', import.meta.url))
/** What any program needs of the environment. Nothing else gets in: a setting of a real shop's least of all. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LANG', 'TZ', 'NODE_OPTIONS']
const LOOK_EVERY_MILLISECONDS = 50
/** The desk's address is for the table of addresses, which we print. */
const DESK = /^The desk, for maintainers: (\S+)$/

/** Where a GitHub App can be registered, until the shop has one. */
const SETUP = /\/setup and enter this code: /

/** The words of a line that is for whoever starts the shop; nothing where it is one of the log. */
function noticeIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const { notice, msg } = JSON.parse(line) as { notice?: boolean; msg: string }
  return notice ? msg : undefined
}

/** What `GET /api/v1/shop` says. */
export type ShopView = { open: boolean; live: { commit: string } | null; refused: { commit: string } | null }

export type AppProcess = {
  /** What the shop says of itself. Rejects with a Sentence when its process has ended. */
  look: () => Promise<ShopView>
  /** Resolves once anything answers: the shop, or the page to register its GitHub App. */
  answers: Promise<unknown>
  /** Resolves with the desk's address once the app serves the shop, by then with a GitHub App. */
  desk: Promise<string>
  stop: () => Promise<void>
}

/**
 * Starts the app with these settings, in a folder of its own: the setup writes its `.env` there. What it prints is passed on.
 * `onEnd` is told when it ends without being asked.
 */
export function startAppProcess(
  { shopUrl, settings, folder }: { shopUrl: string; settings: Record<string, string>; folder: string },
  onEnd: (code: number | null) => void,
): AppProcess {
  const passedOn = PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))
  const hasEnvFile = existsSync(join(folder, '.env')) // where the setup has written one
  const child = spawn(process.execPath, [...(hasEnvFile ? ['--env-file=.env'] : []), APP], {
    cwd: folder,
    env: { ...Object.fromEntries(passedOn), ...settings },
    // The channel tells the app when we are gone, however we went.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const desk = Promise.withResolvers<string>()
  const setup = Promise.withResolvers<void>()
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const notice = noticeIn(line)
      const [, address] = DESK.exec(notice ?? '') ?? []
      if (address) desk.resolve(address)
      else process.stdout.write(`${notice ?? line}\n`)
      if (SETUP.test(notice ?? '')) setup.resolve()
    })
  let stopping = false
  void ended.then(
    (code) => stopping || onEnd(code),
    () => onEnd(1), // it could not even be started
  )

  async function look(): Promise<ShopView> {
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Sentence('The shop has stopped.')
      const answer = await fetch(`${shopUrl}/api/v1/shop`).catch(() => undefined)
      if (answer?.ok) return (await answer.json()) as ShopView
      await sleep(LOOK_EVERY_MILLISECONDS)
    }
  }
  return {
    look,
    answers: Promise.race([desk.promise, setup.promise]),
    desk: desk.promise,
    async stop() {
      stopping = true
      child.kill()
      await ended
    },
  }
}
