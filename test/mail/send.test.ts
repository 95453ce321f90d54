import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectMail, type SendMail } from '../../app/mail/send.ts'
import { startMail } from '../../sandbox/mail.ts'
import { control } from '../support/control.ts'

type Arrived = { id: number; messageId: string; from: string; to: string; subject: string; text: string; html: string }
const mail = { id: 'receipt:ord_1:2', to: 'ada@example.org', subject: 'Thanks', text: 'Hello', html: '<p>Hello</p>' }
const from = 'Tern Shop <shop@tern.example>'

let server: Awaited<ReturnType<typeof startMail>>
let send: SendMail

beforeAll(async () => {
  server = await startMail({})
})
afterAll(() => server.close())
beforeEach(async () => {
  await fetch(`${server.url}/_test/mails`, { method: 'DELETE' })
  send = connectMail({ url: server.smtpUrl, from })
})
afterEach(async () => {
  send.close()
  await faults({})
})

const faults = (body: object) => control(server.url, 'faults', body)
const arrived = async () => (await (await fetch(`${server.url}/_test/mails`)).json()) as Arrived[]
const sourceOf = async (one: Arrived | undefined) => (await fetch(`${server.url}/mails/${one?.id}/source`)).text()

test('an answer goes to the people of the shop, not to the machine', async () => {
  await send({ ...mail, replyTo: 'people@tern.example' })
  await send({ ...mail, id: 'other', replyTo: 'x@y>\r\nBcc: eve@evil.example' })
  const sources = await Promise.all((await arrived()).map(sourceOf))
  expect(sources.filter((source) => /^Reply-To: people@tern\.example/m.test(source))).toHaveLength(1)
  expect(sources.join()).not.toContain('eve@evil')
})

test('a mail arrives as it was written, and says that a machine sent it', async () => {
  await send({ ...mail, subject: 'Danke, Jürgen 🐦‍⬛ 渡り鳥', text: 'Grüße\nзимородок', html: '<p>Grüße</p>' })
  const [one] = await arrived()
  expect(one).toMatchObject({
    from: '"Tern Shop" <shop@tern.example>',
    to: 'ada@example.org',
    subject: 'Danke, Jürgen 🐦‍⬛ 渡り鳥',
    text: 'Grüße\nзимородок',
    html: '<p>Grüße</p>',
  })
  expect(await sourceOf(one)).toMatch(/^Auto-Submitted: auto-generated\r$/m)
})

test('a mail sent twice has one Message-ID, another mail another', async () => {
  await send(mail)
  await send(mail)
  await send({ ...mail, id: 'receipt.ord_1.2' })
  expect((await arrived()).map(({ messageId }) => messageId)).toEqual([
    '<receipt=3aord_1=3a2@tern.example>',
    '<receipt=3aord_1=3a2@tern.example>',
    '<receipt=2eord_1=2e2@tern.example>',
  ])
})

test.each([
  'Hi\r\nBcc: eve@example.org',
  'Hi\nBcc: eve@example.org',
  'Hi\rBcc: eve@example.org',
  'Hi\u2028Bcc: eve@example.org',
  'Hi\u0000Bcc: eve@example.org',
  'Hi\u202eBcc: eve@example.org',
])('a subject cannot become a header: %j', async (subject) => {
  await send({ ...mail, subject })
  const [one] = await arrived()
  expect(one).toMatchObject({ to: 'ada@example.org', subject: 'Hi Bcc: eve@example.org' })
  expect(await sourceOf(one)).not.toMatch(/^bcc:/im)
})

test.each([
  'a@example.org\r\nBcc: eve@example.org',
  'a@example.org, eve@example.org',
  'Eve <eve@example.org>',
  '"a b"@example.org',
  'a@example.org (eve@example.org)',
  'a@b@example.org',
  'example.org',
  `${'a'.repeat(250)}@example.org`,
  '',
])('what is not one plain address is refused for good: %j', async (to) => {
  await expect(send({ ...mail, to })).rejects.toMatchObject({ name: 'MailError', permanent: true })
  expect(await arrived()).toEqual([])
})

test('an id cannot become a header', async () => {
  await send({ ...mail, id: 'x>\r\nBcc: eve@example.org' })
  expect((await arrived())[0]?.messageId).toBe('<x=3e=0d=0aBcc=3a=20eve=40example=2eorg@tern.example>')
})

describe('what failed', () => {
  test('is worth another try while the server is down, and goes out when it is back', async () => {
    await send(mail)
    await faults({ down: true })
    await expect(send(mail)).rejects.toMatchObject({ name: 'MailError', permanent: false })
    await faults({})
    await send(mail)
    expect((await arrived()).length).toBe(2)
  })

  test('is final when the server knows no such mailbox, and names nobody', async () => {
    await faults({ unknown: ['ada@example.org'] })
    const error = await send(mail).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'MailError', permanent: true })
    expect(error.message).toContain('550')
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('ada@')
  })

  test('is worth another try when nobody listens', async () => {
    const nobody = connectMail({ url: 'smtp://127.0.0.1:1', from })
    await expect(nobody(mail)).rejects.toMatchObject({ permanent: false })
    nobody.close()
  })

  test('is worth another try when the server hangs up without a word', async () => {
    const rude = createServer((socket) => socket.destroy())
    const port = await new Promise<number>((resolve) =>
      rude.listen(0, '127.0.0.1', () => resolve((rude.address() as { port: number }).port)),
    )
    const sender = connectMail({ url: `smtp://127.0.0.1:${port}`, from })
    await expect(sender(mail)).rejects.toMatchObject({ permanent: false })
    sender.close()
    rude.close()
  })
})

test.each(['Tern Shop', 'shop@', 'shop@tern.example\r\nBcc: eve@example.org>', ''])('%j is no sender', (sender) => {
  expect(() => connectMail({ url: server.smtpUrl, from: sender })).toThrow('A sender is written')
})
