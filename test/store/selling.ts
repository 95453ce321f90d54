import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const seller = join(import.meta.dirname, 'seller.ts')

/** A process that sells from a folder or database until it is killed: the numbers of the orders that it said were safe. */
export async function startSelling(where: string) {
  const child = spawn(process.execPath, [seller, where], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  const enough = Promise.withResolvers<void>()
  const acknowledged = () => printed.split('\n').flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (acknowledged().length >= 20) enough.resolve()
  })
  const closed = once(child, 'close')
  await Promise.race([enough.promise, closed])
  return {
    acknowledged,
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await closed
    },
  }
}
