import { setTimeout as sleep } from 'node:timers/promises'
import { type Cost, sell } from './sell.ts'
import { type BenchShop, startAppOf, startSandboxOf } from './start.ts'

/** What was measured, by its name with its unit. */
export type Figures = Record<string, number>
export type Options = { sales: readonly number[]; atOnce: number; seconds: number }

const WARM_UP_SALES = 200
/** What a start leaves to be done is done by then. */
const REST_SECONDS = 15
/** So many sales make a rate. */
const RATE_SALES = 300

/** Whole sales with stand-ins that keep nothing: what the app does, and what it costs. */
export async function measureSales(checkout: string, { sales: [sales = 500], atOnce }: Options): Promise<Figures> {
  return withShop(await startAppOf(checkout), async (shop) => {
    await sell(shop, WARM_UP_SALES, atOnce)
    const { salesPerSecond, processorMillisecondsPerSale } = await sell(shop, sales, atOnce)
    return { 'sales/s': salesPerSecond, 'processor ms/sale': processorMillisecondsPerSale }
  })
}

/** The app by itself when nobody buys, and then everything that `npm start` starts. */
export async function measureIdle(checkout: string, { seconds }: Options): Promise<Figures> {
  const app = await withShop(await startAppOf(checkout), (shop) => rest(shop, seconds))
  const sandbox = await withShop(await startSandboxOf(checkout), (shop) => rest(shop, seconds))
  return {
    'app, % of a core': app.percent,
    'app, MB': app.megabytes,
    'npm start, % of a core': sandbox.percent,
    'npm start, MB': sandbox.megabytes,
  }
}

/** Whole sales in what `npm start` starts, whose stand-ins keep their state: how fast after so many, and so many. */
export async function measureSandboxSales(checkout: string, { sales, atOnce }: Options): Promise<Figures> {
  const marks = sales.length > 0 ? sales : [100, 10_000]
  return withShop(await startSandboxOf(checkout), async (shop) => {
    const figures: Figures = {}
    const costs: Cost[] = []
    let sold = 0
    for (const mark of marks) {
      if (mark > sold) await sell(shop, mark - sold, atOnce)
      const cost = await sell(shop, RATE_SALES, atOnce)
      figures[`sales/s after ${mark}`] = cost.salesPerSecond
      figures[`processor ms/sale after ${mark}`] = cost.processorMillisecondsPerSale
      costs.push(cost)
      sold = Math.max(sold, mark) + RATE_SALES
    }
    return { ...figures, ...kept(costs) }
  })
}

/** The last rate as a part of the first: by the clock, and by what a processor could do that did nothing else. */
function kept(costs: readonly Cost[]): Figures {
  const [first, last] = [costs[0], costs.at(-1)]
  if (!first || !last) return {}
  return {
    'rate kept': last.salesPerSecond / first.salesPerSecond,
    'rate kept, by processor': first.processorMillisecondsPerSale / last.processorMillisecondsPerSale,
  }
}

async function withShop<Result>(shop: BenchShop, measure: (shop: BenchShop) => Promise<Result>): Promise<Result> {
  try {
    return await measure(shop)
  } finally {
    await shop.close()
  }
}

async function rest({ process }: BenchShop, seconds: number): Promise<{ percent: number; megabytes: number }> {
  await sleep(REST_SECONDS * 1000)
  const began = { at: performance.now(), processor: process.processorMilliseconds() }
  await sleep(seconds * 1000)
  const used = process.processorMilliseconds() - began.processor
  return { percent: (used / (performance.now() - began.at)) * 100, megabytes: process.residentMegabytes() }
}
