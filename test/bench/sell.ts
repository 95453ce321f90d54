import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchShop } from './start.ts'

const LOOK_EVERY_MILLISECONDS = 10
const STANDSTILL_SECONDS_MAX = 60
/** After the last receipt, what else those sales ask for is done. */
const SETTLE_MILLISECONDS = 1000

/** What so many sales took: by the clock until the last receipt was there, and of the shop's process. */
export type Cost = { salesPerSecond: number; processorMillisecondsPerSale: number }

/**
 * Sells so often: a cart, the payment at Stripe's stand-in, its webhook, the receipt in the inbox. So many are under way
 * at once. Rejects when a sale is refused, or none ends for a minute.
 */
export async function sell(shop: BenchShop, sales: number, atOnce: number): Promise<Cost> {
  const before = { processor: shop.process.processorMilliseconds(), mails: await countMails(shop) }
  const began = performance.now()
  const last = await sellAll(shop, { sales, atOnce, mailsBefore: before.mails })
  const seconds = (performance.now() - began) / 1000
  await sleep(SETTLE_MILLISECONDS)
  const processor = shop.process.processorMilliseconds() - before.processor
  await checkSale(last, (await countMails(shop)) - before.mails - sales)
  return { salesPerSecond: sales / seconds, processorMillisecondsPerSale: processor / sales }
}

type Course = { sales: number; atOnce: number; mailsBefore: number }

/** Gives the last order's address. */
async function sellAll(shop: BenchShop, { sales, atOnce, mailsBefore }: Course): Promise<URL> {
  const running: Promise<URL>[] = []
  const failures: unknown[] = []
  let done = { sales: 0, at: performance.now() }
  while (done.sales < sales) {
    while (running.length < Math.min(sales, done.sales + atOnce)) {
      const sale = buy(shop)
      sale.catch((error: unknown) => failures.push(error))
      running.push(sale)
    }
    await sleep(LOOK_EVERY_MILLISECONDS)
    if (failures.length > 0) throw failures[0]
    const receipts = (await countMails(shop)) - mailsBefore
    if (receipts > done.sales) done = { sales: receipts, at: performance.now() }
    const standstill = (performance.now() - done.at) / 1000
    if (standstill > STANDSTILL_SECONDS_MAX) throw new Error(`Only ${done.sales} of ${running.length} sales ended.`)
  }
  return (await Promise.all(running)).at(-1) as URL
}

/** One sale, until it is paid. Gives the address at which the buyer comes back. */
async function buy({ shop, stripe }: BenchShop): Promise<URL> {
  const lines = [{ price: 'guide/pdf', quantity: 1 }]
  const { url } = await post<{ url: string }>(`${shop}/api/v1/checkouts`, { lines })
  const session = url.split('/').at(-1)
  const paid = await post<{ url: string }>(`${stripe}/_test/sessions/${session}/pay`, { email: 'mira@example.org' })
  return new URL(paid.url)
}

/** What was measured were whole sales: paid, given and written to the buyer, once. */
async function checkSale({ origin, searchParams }: URL, tooMany: number): Promise<void> {
  const { order, key } = Object.fromEntries(searchParams)
  const sale = await (await fetch(`${origin}/api/v1/orders/${order}?key=${key}`)).json()
  const { payment, fulfillment, receipt } = sale as Record<string, string>
  const found = `${payment}, ${fulfillment}, receipt ${receipt}, ${tooMany} mails too many`
  if (found !== 'paid, fulfilled, receipt sent, 0 mails too many') throw new Error(`A sale is not whole: ${found}`)
}

const countMails = async ({ inbox }: BenchShop): Promise<number> => (await fetch(`${inbox}/count`)).json()

async function post<Answer>(url: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Answer
}
