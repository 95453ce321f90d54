import { afterEach, beforeEach, expect, test } from 'vitest'
import { mailOrder } from '../../app/mail/mail-order.ts'
import { MailError } from '../../app/mail/send.ts'
import { withJobs } from '../../app/order/decide.ts'
import type { Fact } from '../../app/order/event.ts'
import type { Mail } from '../../app/parts.ts'
import * as given from '../order/facts.ts'
import { head, ORDER, paid, placed } from '../order/facts.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'

let shop: TestShop
let sent: Mail[]
beforeEach(async () => {
  sent = []
  shop = await openTestShop()
})
afterEach(() => shop.close())

const partsWith = (sendMail: (mail: Mail) => Promise<void>) => ({ ...shop.parts, sendMail })
const keeping = () => partsWith(async (mail) => void sent.push(mail))
const customer = { order: ORDER, email: 'mira@example.org', name: null, address: null }
const keep = (facts: Fact[], rest: object = { customer }) =>
  shop.store.transact({ order: ORDER }, ({ order }) => ({ ...withJobs(order, facts, head), ...rest }))

test('a mail is sent while it is true, and left out once it is not', async () => {
  await keep([placed(), given.processing])
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'payment-processing' })).toEqual({ end: 'done' })
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'receipt' })).toEqual({ end: 'done' })
  await keep([given.failed])
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'payment-processing' })).toEqual({ end: 'done' })
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'payment-failed' })).toEqual({ end: 'done' })
  await keep([paid])
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'payment-failed' })).toEqual({ end: 'done' })
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'receipt' })).toEqual({ end: 'done' })
  expect(sent.map(({ id, to }) => [id, to])).toEqual([
    [`payment-processing.${ORDER}`, 'mira@example.org'],
    [`payment-failed.${ORDER}`, 'mira@example.org'],
    [`receipt.${ORDER}`, 'mira@example.org'],
  ])
})

test('nobody is written to about an order that is not there, or whose buyer is not known', async () => {
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'receipt' })).toEqual({ end: 'done' })
  await keep([placed(), paid], {})
  expect(await mailOrder(keeping(), { order: ORDER, mail: 'receipt' })).toEqual({ end: 'done' })
  expect(sent).toEqual([])
})

test('no mail leaves without a catalog: it waits, and is not counted as a failure', async () => {
  await keep([placed(), paid])
  const parts = { ...keeping(), shop: { ...shop.parts.shop, known: () => undefined } }
  const outcome = await mailOrder(parts, { order: ORDER, mail: 'receipt' })
  expect(outcome).toEqual({ end: 'later', at: expect.any(Date) })
  expect(sent).toEqual([])
})

test('a mail server that is away makes it try again, and one that refuses the address asks a person', async () => {
  await keep([placed(), paid])
  const away = partsWith(() => Promise.reject(new MailError('ECONNREFUSED', false)))
  await expect(mailOrder(away, { order: ORDER, mail: 'receipt' })).rejects.toThrow('ECONNREFUSED')
  const refusing = partsWith(() => Promise.reject(new MailError('EENVELOPE: 550', true)))
  expect(await mailOrder(refusing, { order: ORDER, mail: 'receipt' })).toEqual({
    end: 'stalled',
    reason: 'receipt-not-sent',
    detail: "the mail server refuses the buyer's address (receipt)",
  })
})
