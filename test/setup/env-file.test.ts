import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { replaceSettings, writeSettings } from '../../app/setup/env-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-env-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a file that is not there is made, for its owner alone', async () => {
  await writeSettings(join(folder, '.env'), { GITHUB_APP_ID: '7' })
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe('GITHUB_APP_ID=7\n')
  expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600)
})

test('a file that others could read is theirs no more, and nothing is left beside it', async () => {
  const file = join(folder, '.env')
  await writeFile(file, 'PORT=3000\n')
  await chmod(file, 0o644)
  await writeSettings(file, { GITHUB_APP_ID: '7' })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toBe('PORT=3000\n\nGITHUB_APP_ID=7\n')
  expect(await readdir(folder)).toEqual(['.env'])
})

test('a link to the file stays a link', async () => {
  await mkdir(join(folder, 'kept'))
  await writeFile(join(folder, 'kept/settings'), 'PORT=1\n')
  await symlink('kept/settings', join(folder, '.env'))
  await writeSettings(join(folder, '.env'), { GITHUB_APP_ID: '7' })
  expect((await lstat(join(folder, '.env'))).isSymbolicLink()).toBe(true)
  expect(await readFile(join(folder, 'kept/settings'), 'utf8')).toContain('GITHUB_APP_ID=7')
})

test('what can not be written rejects, and the file is as it was', async () => {
  await expect(writeSettings(join(folder, 'no/such/.env'), { A: '1' })).rejects.toMatchObject({ code: 'ENOENT' })
})

test.each([
  ['replaced where it was', 'A=1\nGITHUB_APP_ID=\nB=2\n', 'A=1\nGITHUB_APP_ID=7\nB=2\n'],
  ['comments and blank lines stay', '# GITHUB_APP_ID=3\n\nA=1\n', '# GITHUB_APP_ID=3\n\nA=1\n\nGITHUB_APP_ID=7\n'],
  ['written twice, kept once', 'GITHUB_APP_ID=1\nA=1\nGITHUB_APP_ID=2\n', 'GITHUB_APP_ID=7\nA=1\n'],
  ['with export and spaces', '  export GITHUB_APP_ID = "3" # old\nA=1\n', 'GITHUB_APP_ID=7\nA=1\n'],
  ['over several lines', 'GITHUB_APP_ID="a\nb\nc"\nA=1\n', 'GITHUB_APP_ID=7\nA=1\n'],
  ["inside another's value", 'A="\nGITHUB_APP_ID=3\n"\nB=1\n', 'A="\nGITHUB_APP_ID=3\n"\nB=1\n\nGITHUB_APP_ID=7\n'],
  ['a quote without an end', 'A="1\nGITHUB_APP_ID=3\n', 'A="1\nGITHUB_APP_ID=7\n'],
  ['a name that only begins like it', 'GITHUB_APP_ID_OLD=3\n', 'GITHUB_APP_ID_OLD=3\n\nGITHUB_APP_ID=7\n'],
  ['Windows line ends', 'A=1\r\nGITHUB_APP_ID=3\r\n', 'A=1\r\nGITHUB_APP_ID=7\r\n'],
  ['no line end at the end', 'A=1', 'A=1\n\nGITHUB_APP_ID=7\n'],
])('a setting: %s', (_, before, after) => {
  const written = replaceSettings(before, { GITHUB_APP_ID: '7' })
  expect(written).toBe(after)
  expect(parseEnv(written).GITHUB_APP_ID).toBe('7')
})
