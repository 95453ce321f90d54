// Cuts the power while the embedded store sells: `node test/proof/power-cut.ts [--cuts 30]`, as root on Linux. A file system of its own
// (ext4 in a file) is shut down without writing what was not synced, and mounted again: what was acknowledged must be there. The
// same cuts against a store that never flushes must lose orders, or they prove nothing.
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import { orderNumber } from '../store/sale.ts'

const SELLS_MILLISECONDS_MAX = 400
const DISK_MEGABYTES = 256
/** EXT4_IOC_SHUTDOWN with "do not flush the log": linux/fs/ext4/ext4.h. */
const SHUTDOWN = `perl -e 'open(my $f, "<", $ARGV[0]) or die; my $how = pack("I", 2); ioctl($f, 0x8004587d, $how) or die "$!"'`

const { values } = parseArgs({ options: { cuts: { type: 'string', default: '30' } } })
const cuts = Number(values.cuts)
const root = await mkdtemp(join(tmpdir(), 'tagsale-power-'))
const [disk, mounted] = [join(root, 'disk'), join(root, 'mounted')]
try {
  sh(`truncate -s ${DISK_MEGABYTES}M '${disk}' && mkfs.ext4 -q -F '${disk}' && mkdir '${mounted}'`)
  const kept = await cutAgainAndAgain('flushed', {})
  const control = await cutAgainAndAgain('never flushed', { SELLER_FLUSH: 'none' })
  if (kept.lost > 0) throw new Error(`${kept.lost} acknowledged orders were lost.`)
  if (control.lost === 0) throw new Error('The control lost nothing: this machine can not show it.')
} finally {
  spawnSync('umount', ['-l', mounted])
  await rm(root, { recursive: true })
}

async function cutAgainAndAgain(name: string, env: Record<string, string>) {
  let [acknowledged, lost] = [0, 0]
  sh(`mount -o loop '${disk}' '${mounted}'`)
  for (let cut = 0; cut < cuts; cut += 1) {
    const folder = join(mounted, name.replace(' ', '-'))
    const sold = await sellUntilCut(folder, env)
    sh(`umount '${mounted}' && mount -o loop '${disk}' '${mounted}'`)
    const store = await openSqliteStore({ folder, key: 'k'.repeat(32), random: randomBytes, onFailure: console.error })
    const orders = await Promise.all(sold.map((n) => store.order(orderNumber(n))))
    await store.close()
    acknowledged += sold.length
    lost += orders.filter((order) => order?.version !== 2).length
  }
  sh(`umount '${mounted}'`)
  console.log(`${name}: ${cuts} cuts, ${acknowledged} orders acknowledged, ${lost} of them lost`)
  return { acknowledged, lost }
}

/** The numbers of the orders that were acknowledged before the power went. */
async function sellUntilCut(folder: string, env: Record<string, string>): Promise<number[]> {
  const seller = join(import.meta.dirname, '../store/seller.ts')
  const child = spawn(process.execPath, [seller, folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
  const closed = once(child, 'close')
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  while (!/^\d+$/m.test(printed) && child.exitCode === null) await sleep(5)
  await sleep(Math.random() * SELLS_MILLISECONDS_MAX)
  sh(`${SHUTDOWN} '${mounted}'`)
  child.kill('SIGKILL')
  await closed
  return printed.split('\n').flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))
}

function sh(command: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}\n${stderr}`)
}
