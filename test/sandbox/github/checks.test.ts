import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tip } from '../../support/github.ts'
import { type ListenedGitHub, openGitHubWithListener, refused, SHOP } from './support.ts'

let github: ListenedGitHub
let app: Awaited<ReturnType<ListenedGitHub['installation']>>
let sha: string
beforeAll(async () => {
  github = await openGitHubWithListener()
  app = await github.installation()
  sha = await tip(app, SHOP)
})
afterAll(() => github.close())

const remark = (line: number) => ({
  path: 'catalog/shop.yaml',
  start_line: line,
  end_line: line,
  annotation_level: 'failure' as const,
  message: `wrong in line ${line}`,
})
const remarks = (count: number, from = 1) => Array.from({ length: count }, (_, index) => remark(from + index))
const create = (more: object = {}) => app.rest.checks.create({ ...SHOP, name: 'catalog', head_sha: sha, ...more })
const output = (more: object = {}) => ({ output: { title: 'A title', summary: 'A summary', ...more } })

describe('a check run', () => {
  test('collects the annotations of several requests, and shows the newest words', async () => {
    const { data: run } = await create({ external_id: 'pr:7', ...output({ annotations: remarks(50) }) })
    expect(run).toMatchObject({ status: 'queued', conclusion: null, external_id: 'pr:7', app: { slug: 'tagsale' } })
    const { data: done } = await app.rest.checks.update({
      ...SHOP,
      check_run_id: run.id,
      conclusion: 'failure',
      output: { title: 'New title', summary: 'New summary', annotations: remarks(11, 51) },
    })
    expect(done).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
      completed_at: expect.any(String),
      output: { title: 'New title', summary: 'New summary', annotations_count: 61 },
    })
    const all = await app.paginate(app.rest.checks.listAnnotations, { ...SHOP, check_run_id: run.id })
    expect(all.map(({ start_line }) => start_line)).toEqual(remarks(61).map(({ start_line }) => start_line))
    expect((await app.rest.checks.get({ ...SHOP, check_run_id: run.id })).data).toEqual(done)
  })

  test.each([
    ['more than 50 annotations', () => output({ annotations: remarks(51) })],
    ['a summary of more than 65,535 characters', () => output({ summary: 'x'.repeat(65_536) })],
    ['an output without a title', () => ({ output: { summary: 'A summary' } })],
    ['columns over several lines', () => output({ annotations: [{ ...remark(1), end_line: 2, start_column: 1 }] })],
    ['an end before its start', () => output({ annotations: [{ ...remark(2), end_line: 1 }] })],
    ['four buttons', () => ({ actions: Array(4).fill({ label: 'a', description: 'b', identifier: 'c' }) })],
    ['no conclusion where it is completed', () => ({ status: 'completed' })],
    ['a commit that nobody has', () => ({ head_sha: 'a'.repeat(40) })],
  ])('is refused with %s', async (_, make) => {
    await expect(create(make())).rejects.toEqual(refused(422))
  })

  test('is made by Apps alone, that may', async () => {
    const body = { ...SHOP, name: 'mine', head_sha: sha }
    await expect(github.as('ada').rest.checks.create(body)).rejects.toEqual(refused(403, 'via a GitHub App'))
    await expect(github.as('bob').rest.checks.create(body)).rejects.toEqual(refused(404))
    const reader = await github.installation('tern', { permissions: { checks: 'read' } })
    await expect(reader.rest.checks.create(body)).rejects.toEqual(refused(403, 'integration'))
  })

  test('is found by the commit, the newest of each name unless all are asked for', async () => {
    const { data: first } = await create({ name: 'twice', conclusion: 'failure' })
    const { data: second } = await create({ name: 'twice', conclusion: 'success' })
    const ids = async (more: object) => {
      const { data } = await app.rest.checks.listForRef({ ...SHOP, ref: 'main', check_name: 'twice', ...more })
      return data.check_runs.map(({ id }) => id)
    }
    expect(await ids({})).toEqual([second.id])
    expect(await ids({ filter: 'all', ref: sha })).toEqual([second.id, first.id])
    expect(await ids({ app_id: 1 })).toEqual([])
  })

  test('knows its pull request', async () => {
    await app.rest.git.createRef({ ...SHOP, ref: 'refs/heads/side', sha })
    const file = { ...SHOP, branch: 'side', path: 'a.txt', message: 'a', content: btoa('a') }
    const { data: commit } = await app.rest.repos.createOrUpdateFileContents(file)
    const { data: pull } = await app.rest.pulls.create({ ...SHOP, title: 'A', head: 'side', base: 'main' })
    const { data } = await create({ head_sha: commit.commit.sha })
    expect(data.pull_requests).toMatchObject([{ number: pull.number, head: { ref: 'side' }, base: { ref: 'main' } }])
  })
})

describe('asked for again', () => {
  test('by its buttons, its App hears of it', async () => {
    const action = { label: 'Mend', description: 'Mends it', identifier: 'mend' }
    const { data: run } = await create({ name: 'again', conclusion: 'success', actions: [action] })
    await github.events()
    github.heard.length = 0
    await github.as('ada').rest.checks.rerequestRun({ ...SHOP, check_run_id: run.id })
    await github.events()
    await github.as('ada').rest.checks.rerequestSuite({ ...SHOP, check_suite_id: Number(run.check_suite?.id) })
    await github.events()
    await github.control('check-action', { check_run: run.id, identifier: 'mend' })
    expect(await github.events()).toEqual([
      'check_run.rerequested',
      'check_suite.rerequested',
      'check_run.requested_action',
    ])
    expect(github.heard[0]?.payload).toMatchObject({
      check_run: { id: run.id, head_sha: sha },
      sender: { login: 'ada' },
    })
    expect(github.heard[2]?.payload).toMatchObject({ requested_action: { identifier: 'mend' } })
    const { data: suite } = await app.rest.checks.getSuite({ ...SHOP, check_suite_id: Number(run.check_suite?.id) })
    expect(suite).toMatchObject({ status: 'queued', conclusion: null, head_sha: sha })
    await expect(github.control('check-action', { check_run: run.id, identifier: 'other' })).rejects.toThrow('404')
  })

  test('an App that cannot write checks, or a reader, asks in vain', async () => {
    const { data: run } = await create({ name: 'reader' })
    const asked = { ...SHOP, check_run_id: run.id }
    await expect(github.as('bob').rest.checks.rerequestRun(asked)).rejects.toEqual(refused(404))
  })
})
