import { createSign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { clientFor, openGitHub } from '../../support/github.ts'

export const APP_ID = 4242
export const SECRET = 'a secret of a webhook'
export const SHOP = { owner: 'tern', repo: 'shop' }

export type Heard = { headers: Record<string, string | string[] | undefined>; body: string; payload: Payload }
export type Payload = { action?: string; [name: string]: unknown }

/** GitHub's stand-in with a shop in an organisation, an App, and somebody who listens to the App's webhooks. */
export async function openGitHubWithListener(options: Partial<Parameters<typeof openGitHub>[0]> = {}) {
  const heard: Heard[] = []
  let answer = 200
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      if (answer === 200) heard.push({ headers: request.headers, body, payload: JSON.parse(body) })
      response.writeHead(answer).end('heard')
    })
  }).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/github`
  const github = await openGitHub({
    app: { id: APP_ID, webhook: { url, secret: SECRET } },
    users: ['ada', 'bob'],
    organizations: [{ login: 'tern', members: [{ login: 'ada', role: 'admin' }] }],
    repositories: [
      { name: 'tern/shop', files: { 'catalog/shop.yaml': 'name: Tern\n' } },
      { name: 'tern/goods', files: { 'README.md': 'Goods\n' } },
      { name: 'bob/open', private: false, files: { 'README.md': 'Open\n' } },
    ],
    ...options,
  })
  const app = () => clientFor(github.url, jwt(APP_ID, github.privateKey))
  return {
    ...github,
    heard,
    /** With what the listener answers from now on. */
    answerWith: (status: number) => (answer = status),
    app,
    nobody: () => clientFor(github.url),
    async installation(owner = 'tern', narrow: object = {}) {
      const { data } = await app().rest.apps.getUserInstallation({ username: owner })
      const token = await app().rest.apps.createInstallationAccessToken({ installation_id: data.id, ...narrow })
      return clientFor(github.url, token.data.token)
    },
    /** The events that were heard, once all are delivered. */
    async events(): Promise<string[]> {
      await github.settled()
      return heard.map(({ headers, payload }) => [headers['x-github-event'], payload.action].filter(Boolean).join('.'))
    },
    async close() {
      await github.close()
      await new Promise((done) => server.close(done))
    },
  }
}
export type ListenedGitHub = Awaited<ReturnType<typeof openGitHubWithListener>>

/** What an App signs to say who it is. */
export function jwt(issuer: number | string, key: string): string {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iss: issuer, iat: now - 30, exp: now + 300 })}`
  return `${text}.${createSign('sha256').update(text).sign(key, 'base64url')}`
}

export const refused = (status: number, message = '') =>
  expect.objectContaining({ status, message: expect.stringContaining(message) })

/** What a promise was refused with. */
export const refusal = (promise: Promise<unknown>): Promise<{ status: number; message: string }> =>
  promise.then(
    () => ({ status: 0, message: 'not refused' }),
    ({ status, message }) => ({ status, message }),
  )
