// `npm run bench` lists what can be measured; `npm run bench -- sales` measures it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../house/source.ts'
import { type Figures, measureIdle, measureSales, measureSandboxSales, type Options } from './measure.ts'

type Benchmark = { says: string; measure: (checkout: string, options: Options) => Promise<Figures> }

const BENCHMARKS: Record<string, Benchmark> = {
  sales: {
    says: 'whole sales over HTTP: how many a second, and what each costs the app’s process (--sales 500)',
    measure: measureSales,
  },
  idle: {
    says: 'what the app, and all of npm start, use of processor and memory when nobody buys (--seconds 60)',
    measure: measureIdle,
  },
  'sandbox-sales': {
    says: 'whole sales in npm start: how fast after few of them, and after many (--sales 100,10000)',
    measure: measureSandboxSales,
  },
  store: {
    says: 'transactions of the store beside bare writes to the same disk, and how long a big one takes to open',
    measure: printOwn('store'),
  },
  ledger: {
    says: 'commits an hour at a rate of sales, and how long a clone and a store made of it take',
    measure: printOwn('ledger'),
  },
  repository: {
    says: 'how long maintainers wait: from a push to its check, from a merge to the live shop',
    measure: printOwn('repository'),
  },
}

const USAGE = `npm run bench -- NAME [--against FOLDER] [--rounds 3] [--sales N] [--at-once 16] [--seconds 60]

${Object.entries(BENCHMARKS)
  .map(([name, { says }]) => `  ${name.padEnd(15)}${says}`)
  .join('\n')}

  --against FOLDER   measures another checkout as well, in turn with this one, and prints how the two compare
  --rounds N         measures so often
  --at-once N        sales that are under way at once

Linux only: processor time and memory are read from /proc. Where the machine has other work, compare processor time.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    sales: { type: 'string', default: '' },
    'at-once': { type: 'string', default: '16' },
    seconds: { type: 'string', default: '60' },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const benchmark = BENCHMARKS[positionals[0] ?? '']
if (benchmark) await run(benchmark)
else console.log(USAGE)

async function run({ measure }: Benchmark): Promise<void> {
  const checkouts = [ROOT, ...(values.against ? [values.against] : [])].map((folder) => resolve(folder))
  const sales = values.sales.split(',').filter(Boolean).map(count)
  const options = { sales, atOnce: count(values['at-once']), seconds: count(values.seconds) }
  const rounds: Figures[][] = checkouts.map(() => [])
  for (let round = 1; round <= count(values.rounds); round += 1) {
    for (const [place, checkout] of checkouts.entries()) {
      const figures = await measure(checkout, options)
      rounds[place]?.push(figures)
      print(`round ${round}`, checkout, { ...figures, 'load of the machine': loadavg()[0] ?? 0 })
    }
  }
  summarize(checkouts, rounds)
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`"${text}" is no count.`)
  return Number(text)
}

/** The middle of the rounds, and this checkout's as a part of the other's. */
function summarize(checkouts: readonly string[], rounds: readonly Figures[][]): void {
  const names = Object.keys(rounds[0]?.[0] ?? {})
  const middles = rounds.map((all) =>
    Object.fromEntries(names.map((name) => [name, median(all.map((figures) => figures[name] ?? Number.NaN))])),
  )
  for (const [place, checkout] of checkouts.entries()) print('median', checkout, middles[place] ?? {})
  const [here = {}, there] = middles
  if (!there) return
  const ratios = Object.entries(here).map(([name, middle]) => [name, middle / (there[name] ?? Number.NaN)])
  print('ratio', `to ${basename(checkouts[1] ?? '')}`, Object.fromEntries(ratios))
}

function print(what: string, where: string, figures: Figures): void {
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${what.padEnd(9)}${basename(where).padEnd(16)}${name.padEnd(34)}${value.toFixed(2).padStart(9)}`)
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

/** A benchmark that knows the code from inside is each checkout's own, and prints its own figures. */
function printOwn(name: string): Benchmark['measure'] {
  return async (checkout) => {
    console.log(`${name} of ${checkout}`)
    const child = spawn(process.execPath, [join('test/bench', `${name}.ts`)], { cwd: checkout, stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`${name} of ${checkout} ended with ${code}`)
    return {}
  }
}
