import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { withRelease } from '../../catalog/follow.ts'
import { Id } from '../../catalog/schema/common.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/**
 * `tagsale sha256 ASSET FILE [--catalog FOLDER]`: writes into an asset's file which bytes it is, by a copy of them on this machine.
 * 0 when it is written, 1 when one of the two can't be read or holds no release, 2 when the command is wrong.
 */
export async function sha256(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = { catalog: { type: 'string', default: 'catalog' } } as const
  const read = readArguments(args, { allowPositionals: true, options })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const [asset = '', file = '', ...more] = read.positionals
  if (!file || more.length > 0) return refuseCommand(terminal, 'Name an asset, and a file with its bytes.')
  if (!Id.safeParse(asset).success) return refuseCommand(terminal, 'An asset is named as its file is, without ".yaml".')
  const path = join(read.values.catalog, 'assets', `${asset}.yaml`)
  try {
    const digest = await digestOf(file)
    await writeFile(path, withRelease(await readFile(path, 'utf8'), { sha256: digest }))
    terminal.out(`${path}: ${digest}\n`)
    return 0
  } catch (error) {
    terminal.error(`${path} is as it was: ${(error as Error).message}.\n`)
    return 1
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
