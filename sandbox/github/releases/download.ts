import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import type { Asset, GitHubState } from '../state.ts'
import { read } from './content.ts'

// Stands for release-assets.githubusercontent.com: no credentials, only an address that nobody can guess and that
// soon stops working. Whoever has the address has the file.

/** The address of a file's bytes, good for `linkSeconds`. */
export function signedAddress(state: GitHubState, asset: Asset, origin: string): string {
  const expires = Math.floor(state.now() / 1000) + state.linkSeconds
  return `${origin}/_files/${asset.id}?expires=${expires}&signature=${sign(state, asset.id, expires)}`
}

/** Serves signed addresses: 403 when late or altered, one byte range when asked for. */
export function downloadRoutes(state: GitHubState): Hono {
  return new Hono().get('/_files/:id', (c) => {
    const expires = Number(c.req.query('expires'))
    if (!isSignedBy(state, c.req.param('id'), expires, c.req.query('signature') ?? '')) {
      return c.text('The signature of this address is wrong.', 403)
    }
    if (state.now() >= expires * 1000) return c.text('This address has expired.', 403)
    const asset = assetWithId(state, c.req.param('id'))
    return asset ? serve(c, asset) : c.text('There is no such file any more.', 404)
  })
}

const sign = (state: GitHubState, id: string | number, expires: number): string =>
  createHmac('sha256', state.linkKey).update(`${id}.${expires}`).digest('hex')

function isSignedBy(state: GitHubState, id: string, expires: number, signature: string): boolean {
  const expected = Buffer.from(sign(state, id, expires))
  const given = Buffer.from(signature)
  return expected.length === given.length && timingSafeEqual(expected, given)
}

function assetWithId(state: GitHubState, id: string): Asset | undefined {
  const releases = [...state.repositories.values()].flatMap((repository) => [...repository.releases.values()])
  return releases.flatMap((release) => [...release.assets.values()]).find((asset) => String(asset.id) === id)
}

function serve(c: Context, asset: Asset): Response {
  const etag = `"${asset.sha256}"`
  c.header('accept-ranges', 'bytes')
  c.header('etag', etag)
  c.header('content-type', asset.contentType)
  c.header('content-disposition', `attachment; filename=${asset.name}`)
  const sameFile = (c.req.header('if-range') ?? etag) === etag
  const range = sameFile ? rangeOf(c.req.header('range'), asset.size) : 'all'
  if (range === 'none') {
    c.header('content-range', `bytes */${asset.size}`)
    return c.body(null, 416)
  }
  const { first, last } = range === 'all' ? { first: 0, last: asset.size - 1 } : range
  if (range !== 'all') c.header('content-range', `bytes ${first}-${last}/${asset.size}`)
  c.header('content-length', String(last - first + 1))
  return c.body(read(asset.content, first, last), range === 'all' ? 200 : 206)
}

/** The one range asked for, `all` when none is (or a kind we don't serve, which may be ignored), `none` when it lies outside. */
function rangeOf(header: string | undefined, size: number): { first: number; last: number } | 'all' | 'none' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (!match[1] && !match[2])) return 'all'
  const [, start = '', end = ''] = match
  const first = start ? Number(start) : Math.max(0, size - Number(end))
  const last = start && end ? Math.min(Number(end), size - 1) : size - 1
  return first <= last && first < size ? { first, last } : 'none'
}
