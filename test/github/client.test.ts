import pino from 'pino'
import { expect, test } from 'vitest'
import { GitHubBusyError } from '../../app/github/busy.ts'
import { connectGitHub, NoAccessError } from '../../app/github/client.ts'
import { openGitHub } from '../support/github.ts'

test('a client may read its repository and no other', async () => {
  const bytes = new Uint8Array([1])
  const standIn = await openGitHub({
    app: { id: 7 },
    releases: [
      { repository: 'tern/goods', tag: 'v1', file: 'a.bin', bytes },
      { repository: 'tern/secrets', tag: 'v1', file: 'a.bin', bytes },
    ],
  })
  const { url: baseUrl, privateKey } = standIn
  const { github } = await connectGitHub({ appId: 7, privateKey, baseUrl, log: pino({ level: 'silent' }) })
  const entered = await github.forRepository('tern/goods')
  const { octokit } = entered
  expect(await github.forRepository('tern/goods')).toBe(entered)
  expect((await octokit.rest.repos.get({ owner: 'tern', repo: 'goods' })).data.full_name).toBe('tern/goods')
  await expect(octokit.rest.repos.get({ owner: 'tern', repo: 'secrets' })).rejects.toMatchObject({ status: 404 })
  await standIn.close()
})

test('a repository whose App was installed anew is found again, and its clients go on', async () => {
  const bytes = new Uint8Array([1])
  const releases = [{ repository: 'tern/goods', tag: 'v1', file: 'a.bin', bytes }]
  const standIn = await openGitHub({ app: { id: 7 }, releases })
  const { url: baseUrl, privateKey } = standIn
  const { githubApp } = await connectGitHub({ appId: 7, privateKey, baseUrl, log: pino({ level: 'silent' }) })
  const { octokit } = await githubApp.forRepository('tern/goods', { contents: 'read', metadata: 'read' })
  const fetchOnce = () => octokit.rest.repos.get({ owner: 'tern', repo: 'goods' })
  const install = (action: string, repositories?: string[]) =>
    standIn.control('installations', { owner: 'tern', action, repositories })
  expect((await fetchOnce()).status).toBe(200)
  await install('delete')
  await expect(fetchOnce()).rejects.toThrow(NoAccessError)
  await install('install', ['tern/goods'])
  const answers = await Promise.all([fetchOnce(), fetchOnce(), fetchOnce()])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  const minted = (await standIn.requests()).filter(
    ({ path, status }) => path.endsWith('/access_tokens') && status === 201,
  )
  expect(minted).toHaveLength(2)
  await standIn.close()
})

test('checks leave calls to the shop, and the shop to buyers, who go on', async () => {
  const releases = [{ repository: 'tern/goods', tag: 'v1', file: 'a.bin', bytes: new Uint8Array([1]) }]
  const standIn = await openGitHub({ app: { id: 7 }, releases })
  const { url: baseUrl, privateKey } = standIn
  const log = pino({ level: 'silent' })
  const { github, githubApp } = await connectGitHub({ appId: 7, privateKey, baseUrl, log })
  const names = { owner: 'tern', repo: 'goods' }
  const fetchAs = async (use: 'shop' | 'checks') =>
    (await githubApp.forRepository('tern/goods', { metadata: 'read' }, use)).octokit.rest.repos.get(names)
  const fetchAsBuyer = async () => (await github.forRepository('tern/goods')).octokit.rest.repos.get(names)
  await standIn.control('faults', { requestsAnHour: 1500 })
  await fetchAs('checks')
  await expect(fetchAs('checks')).rejects.toBeInstanceOf(GitHubBusyError)
  await expect(githubApp.mayCheck('tern/goods')).rejects.toBeInstanceOf(GitHubBusyError)
  await fetchAs('shop')
  await standIn.control('faults', { requestsAnHour: 400 })
  await fetchAs('shop')
  await expect(fetchAs('shop')).rejects.toBeInstanceOf(GitHubBusyError)
  expect((await fetchAsBuyer()).status).toBe(200)
  await standIn.close()
})

test('all repositories of an installation are known, however many there are', async () => {
  const repositories = Array.from({ length: 130 }, (_, n) => ({ name: `tern/r${n}`, files: {} }))
  const organizations = [{ login: 'tern', members: [{ login: 'ada', role: 'admin' as const }] }]
  const standIn = await openGitHub({ app: { id: 7 }, organizations, repositories })
  const { url: baseUrl, privateKey } = standIn
  const { githubApp } = await connectGitHub({ appId: 7, privateKey, baseUrl, log: pino({ level: 'silent' }) })
  expect((await githubApp.repositories()).length).toBe(130)
  await standIn.close()
})

test('a key that is no key is refused when the app starts, not when a buyer comes', async () => {
  const log = pino({ level: 'silent' })
  await expect(connectGitHub({ appId: 7, privateKey: 'not a key', log })).rejects.toThrow('must be the PEM file')
})
