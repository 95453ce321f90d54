import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { manifestFor, readAppDeclaration, suggestName } from '../../app/setup/manifest.ts'

test('the App asks for what it needs and no more', async () => {
  const { permissions, events } = await readAppDeclaration()
  expect(permissions).toEqual({
    metadata: 'read',
    contents: 'write',
    checks: 'write',
    pull_requests: 'write',
    issues: 'write',
    merge_queues: 'read',
  })
  expect(events.toSorted()).toEqual([
    ...['check_run', 'check_suite', 'issue_comment', 'merge_group', 'pull_request', 'pull_request_review'],
    ...['push', 'release', 'repository'],
  ])
})

test('the manifest leads webhooks and browsers back to the shop, and is for its owner alone', async () => {
  const manifest = manifestFor('https://shop.tern.example', 'tern-shop', await readAppDeclaration())
  expect(manifest).toMatchObject({
    name: 'tern-shop',
    url: 'https://shop.tern.example',
    hook_attributes: { url: 'https://shop.tern.example/webhooks/github', active: true },
    redirect_url: 'https://shop.tern.example/setup/github/callback',
    callback_urls: ['https://shop.tern.example/desk/sign-in/callback'],
    setup_url: 'https://shop.tern.example/desk',
    public: false,
  })
})

test.each([
  ['https://shop.tern.example', /^shop-tern-example-[0-9a-f]{4}$/],
  ['https://www.tern.example', /^tern-example-[0-9a-f]{4}$/],
  ['http://localhost:3000', /^localhost-[0-9a-f]{4}$/],
  [`https://${'a'.repeat(50)}.example`, /^a{29}-[0-9a-f]{4}$/],
  [`https://${'a'.repeat(28)}.example`, /^a{28}-[0-9a-f]{4}$/],
])('a name for the App of %s', (address, name) => {
  expect(suggestName(address, randomBytes)).toMatch(name)
})
