import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../app/store/open.ts'
import { orderNumber, sell } from '../store/sale.ts'
import { newDatabase } from '../support/database.ts'
import { ROOT, read } from './source.ts'

const STORE_KEY = 'k'.repeat(32)
const SECTION = /^## Backups, moving, forgetting$([\s\S]*?)^## /m

test("the README's commands for backups, moving and forgetting do what they say, in their order", async () => {
  const commands = [...(SECTION.exec(read('README.md'))?.[1] ?? '').matchAll(/^ {4}npx tagsale (.*)$/gm)].map(
    ([, line = '']) => line,
  )
  expect(commands.length).toBeGreaterThanOrEqual(6)
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-readme-'))
  const url = await newDatabase()
  const settings = { DATA_FOLDER: join(folder, '.tagsale/live'), STORE_KEY }
  const store = await openStore(settings, { log: { warn: () => {} }, onFailure: () => {} })
  await sell(store, orderNumber(1))
  await store.close()
  await writeFile(join(folder, '.env'), `STORE_KEY=${STORE_KEY}\nSTORE_KEY_NEW=${randomBytes(32).toString('hex')}\n`)
  for (const line of commands) {
    const args = line.split(' ').map((arg) => (arg.startsWith('postgres://') ? url : arg))
    const { PATH, HOME } = process.env
    const ended = spawnSync(process.execPath, [join(ROOT, 'app/cli/tagsale.ts'), ...args], {
      cwd: folder,
      env: { PATH, HOME },
      encoding: 'utf8',
    })
    expect([line, ended.status, ended.stderr.replaceAll(/^\d+ % \w+\n/gm, '')]).toEqual([line, 0, ''])
  }
  await rm(folder, { recursive: true })
}, 60_000)
