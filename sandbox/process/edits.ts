import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { watch } from 'chokidar'
import { loadCatalog } from '../../catalog/load.ts'
import type { CatalogProblem } from '../../catalog/problem/problem.ts'
import type { AppProcess } from './app-process.ts'
import { Sentence } from './sentence.ts'
import type { Push, WorkingCopy } from './working-copy.ts'

/** An editor writes a file in several steps; we look when it is done. */
const EDIT_SETTLES_MILLISECONDS = 150
const LIVE_LOOK_MILLISECONDS = 50
/** So long after another commit went live, ours is in it. */
const OTHER_LIVE_MILLISECONDS = 10_000

type Edits = {
  copy: WorkingCopy
  app: AppProcess
  catalogFolder: string
  say: (line: string) => void
  describe: (problems: readonly CatalogProblem[], folder: string) => string
}

/** Pushes what is edited from now on, and does what is typed here where that would undo something. Gives how to stop. */
export function followEdits(edits: Edits): () => Promise<void> {
  const { catalogFolder, say } = edits
  const watcher = watch(catalogFolder, { ignoreInitial: true })
  const look = () => pushEdits(edits)
  watcher.on('all', afterEdits(look)).on('error', (error) => say(`Edits are not seen: ${(error as Error).message}`))
  const typed = createInterface({ input: process.stdin })
  typed.on('line', (line) => void obey(edits, line.trim()))
  return async () => {
    typed.close()
    await watcher.close()
  }
}

/** What was edited while nothing ran; then waits until the shop sells. */
export async function pushFirst({ copy, app, say }: Edits): Promise<void> {
  await untilLive(app, commitOf(await copy.push(), say))
}

function afterEdits(look: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined
  return () => {
    clearTimeout(timer)
    timer = setTimeout(() => void look(), EDIT_SETTLES_MILLISECONDS)
  }
}

/** What a maintainer may type, once a push was refused. */
async function obey(edits: Edits, line: string): Promise<void> {
  if (line === 'push') return pushEdits(edits, { evenSo: true })
  if (line !== 'pull') return
  try {
    const files = await edits.copy.pull()
    edits.say(files.length > 0 ? `Brought here: ${files.join(', ')}.` : 'Nothing was changed at GitHub since.')
    await pushEdits(edits)
  } catch (error) {
    edits.say((error as Error).message)
  }
}

/** What is wrong is said here, and not pushed; what is right takes the way of every change: a commit, and a webhook. */
async function pushEdits({ copy, app, catalogFolder, say, describe }: Edits, how?: { evenSo: true }): Promise<void> {
  const began = performance.now()
  try {
    const loaded = await loadCatalog(catalogFolder)
    if ('problems' in loaded) {
      say(`${describe(loaded.problems, catalogFolder)}\nThe shop still shows the last good catalog.\n`)
      return
    }
    const commit = commitOf(await copy.push(how), say)
    if (!commit) return
    await untilLive(app, commit)
    say(`The shop is up to date (${((performance.now() - began) / 1000).toFixed(1)} s).`)
  } catch (error) {
    say(`${(error as Error).message}\nThe shop still shows the last good catalog.\n`)
  }
}

/** The commit, if there is one; where there is none because it would undo something, that is said. */
function commitOf(push: Push | undefined, say: Edits['say']): string | undefined {
  if (!push || 'commit' in push) return push?.commit
  say(`Not pushed: at GitHub, this was changed since it was last here, and yours would undo that:
    ${push.undoes.join('\n    ')}
Type pull, and Enter, to bring the changes here and merge them into yours; or push, to put yours in their place.
`)
  return undefined
}

/**
 * Waits until this commit, or any if none is given, is what the shop sells. Where somebody pushed on top of it before the
 * shop looked, another one is live instead, and stays so.
 */
async function untilLive(app: AppProcess, commit: string | undefined): Promise<void> {
  const first = (await app.look()).live?.commit
  let last = { commit: first, at: performance.now() }
  for (;;) {
    const { live, refused, open } = await app.look()
    if (live?.commit !== last.commit) last = { commit: live?.commit, at: performance.now() }
    const isOther = last.commit !== first && performance.now() - last.at > OTHER_LIVE_MILLISECONDS
    if (open && (commit === undefined || live?.commit === commit || isOther)) return
    if (refused && refused.commit === commit) throw new Sentence('The catalog at GitHub has mistakes: see its issue.')
    await sleep(LIVE_LOOK_MILLISECONDS)
  }
}
