import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tip } from '../../support/github.ts'
import { type ListenedGitHub, openGitHubWithListener, refused, SHOP } from './support.ts'

let github: ListenedGitHub
let clock = 0
beforeEach(async () => {
  clock = 0
  github = await openGitHubWithListener({ limits: true, now: () => Date.now() + clock })
})
afterEach(() => github.close())

describe('writing', () => {
  test('more than 80 times a minute is refused, with the seconds to wait', async () => {
    const app = await github.installation()
    const head_sha = await tip(app, SHOP)
    const write = () => app.rest.checks.create({ ...SHOP, name: 'c', head_sha })
    for (let count = 0; count < 80; count += 1) await write()
    const error = await write().catch((thrown) => thrown)
    expect(error).toEqual(refused(403, 'secondary rate limit'))
    const wait = Number(error.response.headers['retry-after'])
    expect(wait).toBeGreaterThan(30)
    await app.rest.repos.get(SHOP)
    clock = wait * 1000
    await write()
  })

  test('through GraphQL counts as well, and asking through it does not', async () => {
    const ada = github.as('ada')
    const commit = async () => {
      const input = {
        branch: { repositoryNameWithOwner: 'tern/shop', branchName: 'main' },
        message: { headline: 'x' },
        expectedHeadOid: await tip(ada, SHOP),
      }
      return ada.graphql(
        'mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }',
        { input },
      )
    }
    for (let count = 0; count < 79; count += 1) await ada.rest.issues.create({ ...SHOP, title: 'x' })
    await ada.graphql('{ viewer { login } }')
    await commit()
    await expect(commit()).rejects.toEqual(refused(403))
    await ada.graphql('{ viewer { login } }')
  })

  test('is counted for each installation and user by itself', async () => {
    const ada = github.as('ada')
    for (let count = 0; count < 80; count += 1) await ada.rest.issues.create({ ...SHOP, title: 'x' })
    await expect(ada.rest.issues.create({ ...SHOP, title: 'x' })).rejects.toEqual(refused(403))
    await (await github.installation()).rest.issues.create({ ...SHOP, title: 'x' })
  })
})

describe('faults by chance', () => {
  const course = async (faults: object) => {
    await github.control('faults', { ...faults, seed: 3 })
    const seen: number[] = []
    for (let count = 0; count < 30; count += 1) seen.push((await fetch(`${github.url}/repos/bob/open`)).status)
    return seen
  }
  test('go the same way again', async () => {
    const first = await course({ down: 0.3, limit: { probability: 0.2, retryAfter: 1 } })
    expect(new Set(first)).toEqual(new Set([200, 403, 502]))
    expect(await course({ down: 0.3, limit: { probability: 0.2, retryAfter: 1 } })).toEqual(first)
  })

  test('end when others are asked for', async () => {
    await github.control('faults', { down: true })
    expect((await fetch(`${github.url}/repos/bob/open`)).status).toBe(502)
    await github.control('faults', {})
    expect((await fetch(`${github.url}/repos/bob/open`)).status).toBe(200)
  })
})

test('every request says who asked', async () => {
  await github.as('ada').rest.repos.get(SHOP)
  const requests = await github.requests()
  expect(requests.at(-1)).toMatchObject({ method: 'GET', path: '/repos/tern/shop', status: 200, who: 'user ada' })
})
