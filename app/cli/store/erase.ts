import { pino } from 'pino'
import { isOrderId, type OrderId } from '../../order/id.ts'
import { openStore, openStoreReader } from '../../store/open.ts'
import type { Store } from '../../store/store.ts'
import { readArguments, refuseCommand } from '../arguments.ts'
import { readSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { atStore, count, failed, nameOf, type StoreOptions } from './command.ts'

/** `tagsale erase MAIL|ORDER`: 0 when the buyer is gone from the store, 1 when nobody was found or erased, 2 when the command isn't one. */
export async function erase(args: readonly string[], terminal: Terminal, options: StoreOptions = {}): Promise<number> {
  const read = readArguments(args, { allowPositionals: true })
  if ('wrong' in read) return refuseCommand(terminal, read.wrong)
  const [whom, ...more] = read.positionals
  if (!whom || more.length > 0 || !(isOrderId(whom) || whom.includes('@')))
    return refuseCommand(terminal, 'Whom? Say one mail address, or the id of one order.')
  const settings = readSettings(['DATABASE_URL', 'DATA_FOLDER', 'STORE_KEY'], options.values)
  if ('wrong' in settings) return failed(terminal, settings.wrong)
  return atStore(terminal, async () => {
    const reader = await openStoreReader(settings)
    await reader.close()
    if (reader.format === 0) return failed(terminal, `There is no store in ${nameOf(settings)}.`) // and none is made
    const store = await openStore(settings, { log: pino({ level: 'silent' }), onFailure: () => {} })
    try {
      const erased = await store.erase(isOrderId(whom) ? [whom] : await boughtBy(store, whom))
      if (erased.length === 0) return failed(terminal, 'No order here is theirs.')
      terminal.out(
        `${count(erased.length, 'order')} of theirs ${erased.length === 1 ? 'has' : 'have'} no buyer any more: ${erased.join(', ')}.\n`,
      )
      terminal.out(STILL_ELSEWHERE)
      return 0
    } finally {
      await store.close()
    }
  })
}

const STILL_ELSEWHERE =
  'What they bought and paid stays. Stripe, mails that were sent and earlier backups still know them: erase there too.\n'

/** Every order with this mail address. */
async function boughtBy(store: Store, mail: string): Promise<OrderId[]> {
  const found: OrderId[] = []
  let after: string | undefined
  do {
    const page = await store.orders({ text: ` ${mail}` }, after) // with the space it is not an order's id, whatever it begins with
    for (const { id } of page.orders) {
      const customer = await store.customer(id)
      if (customer?.email.toLowerCase() === mail.toLowerCase()) found.push(id)
    }
    after = page.next
  } while (after !== undefined)
  return found
}
