#!/usr/bin/env node
import { refuseCommand } from './arguments.ts'
import { build } from './build.ts'
import { check } from './check.ts'
import { desk } from './desk.ts'
import { doctor } from './doctor.ts'
import { rebuild, verify } from './ledger.ts'
import { sha256 } from './sha256.ts'
import { smoke } from './smoke.ts'
import { backup, restoreBackup } from './store/backup.ts'
import { storeCheck } from './store/check.ts'
import type { StoreOptions } from './store/command.ts'
import { storeCopy } from './store/copy.ts'
import { erase } from './store/erase.ts'
import { storeKey } from './store/key.ts'
import type { Terminal } from './terminal.ts'

const HELP = `Tagsale: the shop of an open-source project, kept in its repository.

  tagsale check [folder] [--format text|json|github]
      Checks a catalog (./catalog unless you name another folder), and shows what is wrong, where,
      and what to write instead. Exit code 0 when all is well, 1 when something is wrong, 2 when
      the command itself is.
      json: one object for programs. github: annotations in a GitHub workflow.

  tagsale build [folder] --url URL --out FOLDER [--app URL]
      Builds the storefront of a catalog for a static host. URL is where it will be; --app is where
      the shop's app answers, when that is elsewhere. Exit codes as above.

  tagsale sha256 ASSET FILE [--catalog FOLDER]
      Writes into an asset of a catalog (./catalog unless you name another) which bytes it is: the
      SHA-256 of FILE, a copy of what lies in the release. Exit codes as above.

  tagsale doctor [--format text|json] [--fix]
      Looks at everything that a live shop needs, with the settings of the environment and of .env,
      and says for each fault what to do. Exit code 0 when all is well, 1 when something is wrong,
      2 when the command itself is. --fix: makes Stripe's webhook endpoint where there is none, and
      writes its secret to .env.

  tagsale desk
      Prints a link that signs in at the desk with all rights, once and within an hour: for a shop
      where nobody can sign in with GitHub yet. The shop may be running.

  tagsale smoke OWNER/NAME
      Tries at the real Stripe, GitHub and mail server what Tagsale takes for true of them
      (.github/ASSUMPTIONS.md), with a test key of Stripe's and a repository to scratch in, and
      cleans up. Takes a few minutes. Exit codes as above.

  tagsale store check
      Reads the store of these settings, whether or not a shop runs: whether its file is whole, and
      whether orders, the shop and reserved stock are what their facts tell.

  tagsale backup FILE
  tagsale restore FILE [--replace]
      Copies the store of DATA_FOLDER to a file, while a shop runs or not; and puts a copy back,
      while none runs. --replace: in the place of a store with orders, which is kept aside.
      Customers are sealed in the copy: STORE_KEY is needed too.

  tagsale store copy --from WHERE --to WHERE
      Copies a whole store, while no shop runs. WHERE is a data folder, or postgres://… An
      interrupted copy goes on where it ended; at the end both are compared, row by row.

  tagsale store key
      Seals the store with another STORE_KEY: STORE_KEY_NEW, or one that is made and shown once.

  tagsale erase MAIL|ORDER
      Removes a buyer from the store, for good, by mail address or by one order. What was bought
      and paid stays, as nobody's. In DATA_FOLDER, while no shop runs.

  tagsale rebuild FOLDER
      Makes an empty store whole from a clone of the ledger, and from Stripe: who bought, and what
      happened since, while no shop runs. Run again, it goes on where it stopped.

  tagsale verify [FOLDER] [--days N]
      Compares the store with a clone of the ledger, and with what Stripe says of the last 30 days,
      and explains each difference. The shop may be running.

      Of all these: exit code 0 when it is done and well, 1 when it isn't, 2 when the command isn't.

  tagsale help
      Shows this text.
`

type Command = (args: readonly string[], terminal: Terminal, options: StoreOptions) => Promise<number>

const COMMANDS: Record<string, Command> = {
  check,
  build,
  desk,
  sha256,
  doctor,
  smoke,
  backup,
  restore: restoreBackup,
  erase,
  store,
  rebuild,
  verify,
}
const STORE_COMMANDS: Record<string, Command> = { check: storeCheck, copy: storeCopy, key: storeKey }

/** Runs `tagsale <command> …` and gives the exit code. */
export async function tagsale(
  args: readonly string[],
  terminal: Terminal,
  options: StoreOptions = {},
): Promise<number> {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.out(HELP)
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return command ? command(rest, terminal, options) : refuseCommand(terminal, `There is no command "${name}".`)
}

async function store(
  [name = '', ...rest]: readonly string[],
  terminal: Terminal,
  options: StoreOptions,
): Promise<number> {
  const command = Object.hasOwn(STORE_COMMANDS, name) ? STORE_COMMANDS[name] : undefined
  return command ? command(rest, terminal, options) : refuseCommand(terminal, 'With the store: check, copy or key?')
}

if (import.meta.main) {
  const terminal: Terminal = {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    isScreen: process.stderr.isTTY,
  }
  process.exitCode = await tagsale(process.argv.slice(2), terminal)
}
