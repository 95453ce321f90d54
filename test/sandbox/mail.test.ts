import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MAILS_KEPT_MAX, openInbox } from '../../sandbox/mail/inbox.ts'
import { startMail } from '../../sandbox/mail.ts'

let folder: string
let server: Awaited<ReturnType<typeof startMail>>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mail-'))
  server = await start()
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const start = () => startMail({ stateFile: join(folder, 'mails.json') })
const send = (mail: object) =>
  createTransport(server.smtpUrl).sendMail({ from: 'a@tern.example', to: 'b@c.de', ...mail })
const get = (path: string) => fetch(server.url + path)
const subjects = async () => ((await (await get('/_test/mails')).json()) as { subject: string }[]).map((m) => m.subject)

test('whoever really gets the mail is shown, whatever its head says', async () => {
  await send({ subject: 'One', text: 'one', envelope: { from: 'a@tern.example', to: ['x@y.de', 'z@y.de'] } })
  expect(await (await get('/_test/mails')).json()).toEqual([
    expect.objectContaining({
      id: 1,
      to: 'x@y.de, z@y.de',
      subject: 'One',
      text: 'one\n',
      html: '',
      from: 'a@tern.example',
    }),
  ])
})

test('a password is taken, and not looked at', async () => {
  const url = server.smtpUrl.replace('//', '//user:secret@')
  await createTransport(url).sendMail({ from: 'a@b.de', to: 'b@c.de', subject: 'Signed in' })
  expect(await subjects()).toEqual(['Signed in'])
})

test('mails outlive a restart', async () => {
  await send({ subject: 'One' })
  await server.close()
  server = await start()
  await send({ subject: 'Two' })
  await server.close()
  server = await start()
  expect(await subjects()).toEqual(['One', 'Two'])
})

test('the oldest mails go when there are too many, and no number is given twice', async () => {
  const parsed = await simpleParser('Subject: Hi\r\n\r\nHi')
  const inbox = await openInbox(undefined)
  for (let count = 0; count < MAILS_KEPT_MAX + 2; count += 1) inbox.keep(parsed, ['b@c.de'], '')
  expect(inbox.mails()).toHaveLength(MAILS_KEPT_MAX)
  expect([inbox.mails().at(0)?.id, inbox.mails().at(-1)?.id]).toEqual([3, MAILS_KEPT_MAX + 2])
})

test('mails that are thrown away stay away', async () => {
  await send({ subject: 'One' })
  expect((await fetch(`${server.url}/_test/mails`, { method: 'DELETE' })).status).toBe(204)
  await server.close()
  server = await start()
  expect(await subjects()).toEqual([])
})

test('the list shows the newest first and escapes what strangers wrote', async () => {
  await send({ subject: 'First' })
  await send({ subject: '<script>alert(1)</script>' })
  const page = await (await get('/')).text()
  expect(page.indexOf('&lt;script&gt;alert(1)')).toBeGreaterThan(0)
  expect(page.indexOf('&lt;script&gt;alert(1)')).toBeLessThan(page.indexOf('First'))
  expect(page).not.toContain('<script>alert')
})

test('a mail is shown in a box where no script runs, and as text with links', async () => {
  await send({ subject: 'Both', html: '<p>Hi</p>', text: 'see http://shop.example/a?b=1&c=2 <b>now</b>' })
  expect(await (await get('/mails/1')).text()).toContain(
    'sandbox="allow-popups allow-popups-to-escape-sandbox allow-scripts"',
  )
  const text = await (await get('/mails/1?as=text')).text()
  expect(text).toContain('<a href="http://shop.example/a?b=1&amp;c=2" target="_blank">')
  expect(text).toContain('&lt;b&gt;now&lt;/b&gt;')
  const body = await get('/mails/1/html')
  expect(await body.text()).toContain('<p>Hi</p>')
  expect(body.headers.get('content-security-policy')).toMatch(/^sandbox allow-popups [^;]*; default-src 'none';/)
  expect(await (await get('/mails/1/source')).text()).toMatch(/^From: a@tern\.example/m)
  expect((await get('/mails/2')).status).toBe(404)
})

test('a server that is down serves nobody; a misspelt fault is refused', async () => {
  const faults = (body: object) => fetch(`${server.url}/_test/faults`, { method: 'POST', body: JSON.stringify(body) })
  await faults({ down: true })
  await expect(send({ subject: 'Lost' })).rejects.toMatchObject({ responseCode: 421 })
  expect((await faults({ donw: true })).status).toBe(422)
  expect(await subjects()).toEqual([])
})

test('a taken port is an error, and leaves nothing running', async () => {
  const httpPort = Number(new URL(server.url).port)
  await expect(startMail({ httpPort })).rejects.toThrow('EADDRINUSE')
  await expect(startMail({ smtpPort: Number(new URL(server.smtpUrl).port) })).rejects.toThrow('EADDRINUSE')
})
