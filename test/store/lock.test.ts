import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockAddress, lockFolder } from '../../app/store/lock.ts'

let root = ''
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'tagsale-lock-')))
})
afterAll(() => rm(root, { recursive: true }))

const newFolder = async (name: string) => {
  await mkdir(join(root, name), { recursive: true })
  return join(root, name)
}

const HELD = 'Another process is using the store'
const platforms = process.platform === 'linux' ? (['linux', 'darwin'] as const) : ([process.platform] as const)

describe.each(platforms)('a folder’s lock, as on %s', (platform) => {
  it('is held by one at a time, whatever name the folder goes by', async () => {
    const folder = await newFolder(`${platform}-once`)
    await symlink(folder, `${folder}-link`)
    const release = await lockFolder(folder, platform)
    await expect(lockFolder(folder, platform)).rejects.toThrow(HELD)
    await expect(lockFolder(`${folder}-link`, platform)).rejects.toThrow(HELD)
    await release()
    await (await lockFolder(`${folder}-link`, platform))()
  })

  it('does not keep others out of other folders', async () => {
    const releases = await Promise.all(
      ['a', 'b'].map(async (name) => lockFolder(await newFolder(`${platform}-${name}`), platform)),
    )
    for (const release of releases) await release()
  })

  it('dies with its process', async () => {
    const folder = await newFolder(`${platform}-killed`)
    const address = lockAddress(folder, platform)
    const script = `require('net').createServer().listen(${JSON.stringify(address)}, () => process.kill(process.pid, 'SIGKILL'))`
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL')
    expect(existsSync(address)).toBe(platform === 'darwin')
    await (await lockFolder(folder, platform))()
  })
})
