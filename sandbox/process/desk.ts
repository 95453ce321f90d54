import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

// The sandbox's ways to the shop's desk: a link that signs in as the maintainer, as often as it is opened, and a token for scripts. Both
// are had as a person has them, over HTTP: the shop lets nobody in differently here.

const HOPS_MAX = 8
const TOKEN_DAYS = 366
const TOKEN = /tagsale_[0-9a-f]{16}_[\w-]{43}/

/** GitHub's stand-in signs this person in, and leads to the shop's desk, which then asks it who that is. */
export function deskLink({ github, shop }: { github: string; shop: string }, login: string): string {
  return `${github}/login/as/${login}?${new URLSearchParams({ return_to: `${shop}/desk/sign-in` })}`
}

/** A token with the role maintain: that of an earlier start where it still opens the desk, or a new one. */
export async function deskToken(shop: string, link: string, folder: string): Promise<string> {
  const file = join(folder, 'desk-token')
  const known = await readFile(file, 'utf8').catch(() => '')
  if (known && (await opens(shop, known))) return known
  const cookie = await cookieFrom(link)
  const answer = await fetch(`${shop}/desk/people`, {
    method: 'POST',
    headers: { cookie, accept: 'text/html', origin: shop },
    body: new URLSearchParams({ action: 'make', name: 'sandbox', role: 'maintain', days: String(TOKEN_DAYS) }),
  })
  const [token] = TOKEN.exec(await answer.text()) ?? []
  if (!token) throw new Error(`The desk gives the sandbox no token: ${answer.status}`)
  await writeFile(`${file}.new`, token, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return token
}

const opens = async (shop: string, token: string): Promise<boolean> =>
  (await fetch(`${shop}/desk/people`, { headers: { authorization: `Bearer ${token}` } })).ok

/** The cookies that a browser has who opened a link and went wherever it was sent. On one machine, all of them are of one host. */
async function cookieFrom(link: string): Promise<string> {
  const cookies = new Map<string, string>()
  const header = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  let next: string | undefined = link
  for (let hops = 0; next && hops < HOPS_MAX; hops++) {
    const answer: Response = await fetch(next, { headers: { cookie: header() }, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    next = location ? new URL(location, next).href : undefined
  }
  return header()
}
