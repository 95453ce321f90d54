import { createHash } from 'node:crypto'
import type { Change } from '../../support/github.ts'
import { SAMPLE } from '../../support/repository.ts'

/** A pull request, and the check that it gets. */
export type PullCase = {
  /** What the repository has besides the sample catalog before anything happens. */
  base?: Change
  /** Who opens it: bob and rob may write, ada is admin, eve is a stranger with a fork. */
  by?: 'ada' | 'bob' | 'eve'
  draft?: true
  /** The fork is gone by the time we look. */
  forkGone?: true
  /** What is committed to main after the branch was made. */
  meanwhile?: Change
  change: Change
  /** Who agrees before we look, and how. */
  agreed?: readonly ('review' | 'comment' | 'old review' | 'edited comment' | 'wrong comment' | 'short comment')[]
  agreedBy?: 'ada' | 'bob' | 'rob' | 'eve'
  conclusion: 'success' | 'failure' | 'action_required'
  title: string
  /** `path:line level`, without `catalog/`; all of them, or the first few of `annotationsTotal`. */
  annotations?: readonly string[]
  annotationsTotal?: number
  /** What the summary says, and what it must not. */
  says?: readonly (string | RegExp)[]
  never?: readonly (string | RegExp)[]
}

const file = (path: string) => SAMPLE[`catalog/${path}`] ?? ''
const put = (path: string, text: string | Uint8Array | { link: string } | null): Change => ({
  [`catalog/${path}`]: text,
})
/** One file of the sample with one stretch of text replaced by another. */
const edit = (path: string, from: string, to: string): Change => {
  if (!file(path).includes(from)) throw new Error(`${path} has no ${from}`)
  return put(
    path,
    file(path).replace(from, () => to),
  )
}
const GUIDE = 'products/guide.yaml'
const STICKER = 'products/sticker.yaml'
const product = (fields: Record<string, string> = {}) =>
  Object.entries({
    name: 'Feather',
    summary: 'Light.',
    description: 'A feather.',
    category: 'merch',
    status: 'live',
    images: '[{ file: images/any.svg, alt: A grey feather }]',
    price: '{ eur: "2.00", usd: "2.00" }',
    gives: '{ parcel: { weight: 5 } }',
    ...fields,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')
/** The bytes of each release that the check can see, but for the sample's own, are its tag. */
const sha256 = (tag: string) => createHash('sha256').update(tag).digest('hex')
const release = (repository: string, tag: string, name: string, bytes = tag) =>
  `{ repository: ${repository}, tag: ${tag}, file: ${name}, sha256: "${sha256(bytes)}" }`
const asset = (fields: Record<string, string> = {}) =>
  Object.entries({
    title: 'A book',
    kind: 'book',
    release: release('heron/goods', 'guide-v2', 'heron-guide.pdf'),
    license: 'CC-BY-4.0',
    review: 'approved',
    ...fields,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')
const many = (count: number, path: (index: number) => string, text: (index: number) => string): Change =>
  Object.assign({}, ...Array.from({ length: count }, (_, index) => put(path(index), text(index))))
const EMPTY: Change = Object.fromEntries(Object.keys(SAMPLE).map((path) => [path, null]))
const READY = { conclusion: 'success' } as const
const BAD = { conclusion: 'failure' } as const
const ASKS = { conclusion: 'action_required' } as const
const HOSTILE = '@octocat #1 <img src=x> ![x](https://evil.example) `|` closes #2'

/** Every kind of pull request that we could think of. */
export const PULLS: Record<string, PullCase> = {
  // What goes live
  'touches nothing of the shop': { ...READY, change: { 'README.md': '# New' }, title: 'Nothing in the shop changes' },
  'touches a file beside the catalog': {
    ...READY,
    change: put('README.md', 'x'),
    title: 'Nothing in the shop changes',
  },
  'changes a price': {
    ...READY,
    change: edit(GUIDE, 'eur: "19.00"', 'eur: "25.00"'),
    title: '1 product changed',
    says: ['| price, `PDF` | 19.00 EUR | 25.00 EUR |', '/previews/', 'merged into `main`'],
    never: ['24.00 EUR'],
  },
  'adds a product': {
    ...READY,
    change: put('products/feather.yaml', product({ stock: '7' })),
    title: '1 product new',
    says: ['| **new in the shop** | – | live, `/products/feather/` |', '2.00 EUR, 2.00 USD', '| stock | – | 7 |'],
  },
  'adds a draft': {
    ...READY,
    change: put('products/feather.yaml', product({ status: 'draft' })),
    title: '1 product not shown yet',
  },
  'changes stock': {
    ...READY,
    change: edit(STICKER, 'stock: 5', 'stock: 50'),
    title: '1 product changed',
    says: ['| stock | 5 | 50 |'],
  },
  'changes a name and a text': {
    ...READY,
    change: put(STICKER, file(STICKER).replace('name: Sticker', 'name: Decal').replace('Vinyl, 6 cm.', 'Vinyl.')),
    title: '1 product changed',
    says: ['| name | `Sticker` | `Decal` |', 'changed: `description`'],
  },
  'retires a product': {
    ...READY,
    change: put('products/button.yaml', file('products/button.yaml').replace('status: live', 'status: retired')),
    title: '1 product withdrawn',
    says: ['**no longer for sale**'],
    never: ['Links that break'],
  },
  'deletes a product': {
    ...READY,
    change: put('products/old-mug.yaml', null),
    title: '1 product removed',
    says: ['### Links that break', '`/products/old-mug/`', '`status: retired`', '9.00 EUR'],
  },
  'renames a product': {
    ...READY,
    change: { ...put('products/button.yaml', null), ...put('products/badge.yaml', file('products/button.yaml')) },
    title: '1 product renamed',
    says: ['### Links that break', '- `/products/button/`', 'live, `/products/badge/`'],
  },
  'paints a picture over': {
    ...READY,
    change: put(
      'images/any.svg',
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><path d="M0 0h4v3z"/></svg>',
    ),
    title: '9 products changed',
    says: ['changed: `images`'],
  },
  'changes what everybody may in shop.yaml': {
    ...READY,
    change: edit('shop.yaml', 'name: Heron Shop', 'name: Heron Store'),
    title: 'Settings of the shop change: name',
  },
  'is a draft': {
    ...READY,
    draft: true,
    change: edit(STICKER, 'stock: 5', 'stock: 6'),
    title: '1 product changed',
    says: ['still a draft'],
  },
  'comes from a fork': {
    ...READY,
    by: 'eve',
    change: edit(STICKER, 'stock: 5', 'stock: 6'),
    title: '1 product changed',
  },
  'comes from a fork that is gone': {
    ...READY,
    by: 'eve',
    forkGone: true,
    change: edit(STICKER, 'stock: 5', 'stock: 6'),
    title: '1 product changed',
  },
  'opens a shop': {
    ...READY,
    base: EMPTY,
    change: { ...SAMPLE, ...put('products/plan.yaml', null), ...put('assets/plan-pdf.yaml', null) },
    title: 'The shop opens',
    says: ['`guide`', 'SHA-256'],
    never: ['### Approvals'],
  },
  'opens a shop before its files are published': {
    ...BAD,
    base: EMPTY,
    change: SAMPLE,
    title: '1 problem in the catalog',
    annotations: ['assets/plan-pdf.yaml:3 failure'],
  },
  'has three hundred new products': {
    ...READY,
    change: many(
      300,
      (index) => `products/feather-${index}x.yaml`,
      (index) => product({ name: `Feather number ${index}` }),
    ),
    title: '300 products new',
    says: ['| and more |'],
  },

  // Side by side with the base
  'is behind its base': {
    ...READY,
    meanwhile: edit(STICKER, 'stock: 5', 'stock: 4'),
    change: edit(GUIDE, 'eur: "19.00"', 'eur: "20.00"'),
    title: '1 product changed',
    never: ['sticker'],
  },
  'is broken only once it is merged': {
    ...BAD,
    meanwhile: edit('shop.yaml', 'id: merch, name: Merch', 'id: things, name: Things'),
    base: {
      'catalog/products/sticker.yaml': null,
      'catalog/products/bundle.yaml': null,
      'catalog/products/old-mug.yaml': null,
    },
    change: put('products/feather.yaml', product()),
    title: '1 problem in the catalog',
    annotations: ['products/feather.yaml:4 failure'],
    says: ['There is no category "merch"'],
  },
  'conflicts with its base': {
    ...BAD,
    meanwhile: edit(STICKER, 'stock: 5', 'stock: 4'),
    change: edit(STICKER, 'stock: 5', 'stock: 9'),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:1 failure'],
    says: ['This file was changed here and in main too', 'Update branch'],
  },
  'changes another line of what the base changed': {
    ...READY,
    meanwhile: edit(GUIDE, 'eur: "19.00"', 'eur: "20.00"'),
    change: edit(GUIDE, 'name:', 'name: The'),
    title: '1 product changed',
    never: ['20.00', 'changed here and in'],
  },
  'deletes what the base changed': {
    ...BAD,
    meanwhile: put('products/button.yaml', file('products/button.yaml').replace('stock: 1', 'stock: 3')),
    change: put('products/button.yaml', null),
    title: '1 problem in the catalog',
    annotations: ['products/button.yaml:1 failure'],
    says: ['This file was changed here and in main too'],
  },
  'mends what the base has broken': {
    ...ASKS,
    base: put(STICKER, 'name: ['),
    change: put(STICKER, file(STICKER)),
    title: "An admin's approval is needed",
    says: ['can not be read'],
  },
  'adds to what the base has broken': {
    ...BAD,
    base: put(STICKER, file(STICKER).replace('stock: 5', 'stock: -5')),
    change: edit(GUIDE, 'category: books', 'category: novels'),
    title: '2 problems in the catalog',
    annotations: ['products/guide.yaml:5 failure', 'products/sticker.yaml:8 failure'],
    says: ['1 of them was there before this pull request.'],
  },

  // Mistakes
  'writes a price without quotes': {
    ...BAD,
    change: edit(STICKER, 'eur: "3.00"', 'eur: 3.00'),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:7 failure'],
    says: ['Write instead:', '`npx tagsale check`', '`/tagsale recheck`', 'the shop stays as it is'],
  },
  'makes three mistakes': {
    ...BAD,
    change: put('products/feather.yaml', product({ category: 'feathers', price: '{ eur: "2,00" }', stauts: 'live' })),
    title: '3 problems in the catalog',
    annotations: [
      'products/feather.yaml:4 failure',
      'products/feather.yaml:7 failure',
      'products/feather.yaml:9 failure',
    ],
  },
  'names a picture that is not there': {
    ...BAD,
    change: edit(STICKER, 'images/any.svg', 'images/none.svg'),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:6 failure'],
  },
  'forgets the alternative text': {
    ...BAD,
    change: edit(STICKER, ', alt: A sticker', ''),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:6 failure'],
  },
  'writes an alternative text that says nothing': {
    ...READY,
    change: edit(STICKER, 'alt: A sticker', 'alt: image.png'),
    title: '1 product changed',
    annotations: ['products/sticker.yaml:6 warning'],
    says: ['There is one note besides.'],
  },
  'links to a product that is not there': {
    ...READY,
    change: edit(STICKER, 'description: Vinyl, 6 cm.', 'description: "Goes with [the cup](/products/cup/)."'),
    title: '1 product changed',
    annotations: ['products/sticker.yaml:3 warning'],
  },
  'deletes what others link to': {
    ...READY,
    base: edit(STICKER, 'description: Vinyl, 6 cm.', 'description: "Goes with [the mug](/products/old-mug/)."'),
    change: put('products/old-mug.yaml', null),
    title: '1 product removed',
    annotations: ['products/sticker.yaml:3 warning'],
  },
  'names an asset that is not there': {
    ...BAD,
    change: edit('products/leaflet.yaml', 'guide-epub', 'leaflet-pdf'),
    title: '1 problem in the catalog',
    annotations: ['products/leaflet.yaml:8 failure'],
  },
  'names a release that is not there': {
    ...BAD,
    change: edit('assets/guide-pdf.yaml', 'guide-v1', 'guide-v9'),
    title: '1 problem in the catalog',
    annotations: ['assets/guide-pdf.yaml:3 failure'],
    says: ['**not there**', 'Publish the release with this file first'],
  },
  'names a missing release for later': {
    ...READY,
    change: put(
      'assets/next.yaml',
      asset({ review: 'draft', release: '{ repository: heron/goods, tag: v9, file: a.pdf }' }),
    ),
    title: '1 file for buyers changed',
    annotations: ['assets/next.yaml:3 warning'],
  },
  'deletes shop.yaml': {
    ...BAD,
    change: put('shop.yaml', null),
    title: '1 problem in the catalog',
    annotations: ['shop.yaml:1 failure'],
  },
  'makes more than fifty mistakes': {
    ...BAD,
    change: many(
      60,
      (index) => `products/feather-${index}x.yaml`,
      () => product({ category: 'feathers', price: '{ eur: "-1" }' }),
    ),
    title: '120 problems in the catalog',
    annotations: ['products/feather-0x.yaml:4 failure', 'products/feather-0x.yaml:7 failure'],
    annotationsTotal: 120,
    says: ['And 110 more'],
  },

  'brings hundreds of pictures at once': {
    ...BAD,
    change: many(
      501,
      (index) => `images/x-${index}x.png`,
      (index) => `no picture ${index}`,
    ),
    title: '1 problem in the catalog',
    annotations: ['shop.yaml:1 failure'],
    says: ['This changes 501 pictures at once.', 'at most 500'],
  },

  'brings more bytes from a fork than a stranger may': {
    ...BAD,
    by: 'eve',
    change: Object.fromEntries(
      Array.from({ length: 17 }, (_, index) => [`catalog/images/x-${index}x.png`, Buffer.alloc(4 * 1024 ** 2 - index)]),
    ),
    title: '1 problem in the catalog',
    annotations: ['shop.yaml:1 failure'],
    says: ['This changes too much data at once.', 'at most 64 MB'],
  },

  // Hostile
  'hides a bomb in YAML': {
    ...BAD,
    change: put(
      STICKER,
      `a: &a [x, x]\n${'bcdefgh'
        .split('')
        .map((key) => `${key}: &${key} [*a, *a, *a, *a]`)
        .join('\n')}\n`,
    ),
    title: '2 problems in the catalog',
    annotations: ['products/sticker.yaml:1 failure', 'products/sticker.yaml:2 failure'],
  },
  'writes markup into a name': {
    ...READY,
    change: put('products/feather.yaml', product({ name: `'${HOSTILE}'` })),
    title: '1 product new',
    says: ['``@octocat #1 <img src=x>'],
  },
  'writes markup into a mistake': {
    ...BAD,
    change: put('products/feather.yaml', product({ category: `'${HOSTILE}'` })),
    title: '2 problems in the catalog',
    annotations: ['products/feather.yaml:4 failure', 'products/feather.yaml:4 failure'],
  },
  'writes HTML into a description': {
    ...BAD,
    change: edit(STICKER, 'Vinyl, 6 cm.', '"<script>alert(1)</script> @octocat"'),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:3 failure'],
  },
  'turns the reading direction': {
    ...BAD,
    change: edit(STICKER, 'name: Sticker', 'name: "St\u202eicker"'),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:1 failure'],
    never: ['\u202e'],
  },
  'gives a file a hostile name': {
    ...BAD,
    change: put('products/```\n@octocat `x`.yaml', product()),
    title: '1 problem in the catalog',
    annotationsTotal: 1,
    never: [/^@octocat/m],
  },
  'puts a symbolic link': {
    ...BAD,
    change: {
      ...put('products/feather.yaml', { link: '/etc/passwd' }),
      ...put('images/x.png', { link: '../../../etc' }),
    },
    title: '2 problems in the catalog',
    annotations: ['images/x.png:1 failure', 'products/feather.yaml:1 failure'],
    says: ['This is a symbolic link.'],
  },
  'puts bytes where YAML belongs': {
    ...BAD,
    change: put(STICKER, Buffer.from([0xff, 0xfe, 0x00, 0x80])),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:1 failure'],
  },
  'puts a picture that is too heavy': {
    ...BAD,
    change: put('images/big.png', Buffer.alloc(5 * 1024 * 1024, 1)),
    title: '1 problem in the catalog',
    annotations: ['images/big.png:1 failure'],
    says: ['This picture has 5120 KB.'],
  },
  'puts YAML that is too long': {
    ...BAD,
    change: put(STICKER, `# ${'x'.repeat(300 * 1024)}\n`),
    title: '1 problem in the catalog',
    annotations: ['products/sticker.yaml:1 failure'],
  },
  'puts an empty picture': {
    ...BAD,
    change: put('images/empty.png', ''),
    title: '1 problem in the catalog',
    annotations: ['images/empty.png:1 failure'],
    says: ['This file is empty.'],
  },
  'puts a picture that looks well and can not be drawn': {
    ...BAD,
    change: put(
      'images/any.svg',
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><g><path d="M0 0h4v3z"/></svg>',
    ),
    title: '1 problem in the catalog',
    annotations: ['images/any.svg:1 failure'],
    says: ["This picture can't be drawn"],
  },
  'puts a script into a picture': {
    ...BAD,
    change: put('images/any.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    title: '1 problem in the catalog',
    annotations: ['images/any.svg:1 failure'],
  },

  // Approvals
  'changes the contact': {
    ...ASKS,
    change: edit('shop.yaml', 'shop@heron.example.org', 'thief@evil.example'),
    title: "An admin's approval is needed",
    says: [
      '/tagsale approve ',
      '`contact`: `shop@heron.example.org` → `thief@evil.example`',
      'an admin of this repository',
    ],
  },
  'changes the contact, an admin reviews': {
    ...READY,
    change: edit('shop.yaml', 'shop@heron.example.org', 'new@heron.example.org'),
    agreed: ['review'],
    agreedBy: 'ada',
    title: 'Settings of the shop change: contact',
    says: ['approved'],
  },
  'changes the contact, a writer reviews': {
    ...ASKS,
    change: edit('shop.yaml', 'shop@heron.example.org', 'new@heron.example.org'),
    agreed: ['review', 'comment'],
    agreedBy: 'rob',
    title: "An admin's approval is needed",
  },
  'changes the contact, an admin reviewed what was there before': {
    ...ASKS,
    change: edit('shop.yaml', 'shop@heron.example.org', 'new@heron.example.org'),
    agreed: ['old review'],
    agreedBy: 'ada',
    title: "An admin's approval is needed",
  },
  'is by an only admin, who comments': {
    ...READY,
    by: 'ada',
    change: edit('shop.yaml', 'currencies: [eur, usd]', 'currencies: [usd, eur]'),
    agreed: ['comment'],
    agreedBy: 'ada',
    title: 'Settings of the shop change: currencies',
  },
  'is by an only admin, who edits a comment or names another commit': {
    ...ASKS,
    by: 'ada',
    change: edit('shop.yaml', 'currencies: [eur, usd]', 'currencies: [usd, eur]'),
    agreed: ['edited comment', 'wrong comment', 'short comment'],
    agreedBy: 'ada',
    title: "An admin's approval is needed",
  },
  'brings files from a new repository': {
    ...ASKS,
    change: put('assets/book.yaml', asset({ release: release('elsewhere/goods', 'v1', 'book.pdf') })),
    title: "An admin's approval is needed",
    says: ['`release.repository`', '`elsewhere/goods`'],
    never: ['Files that buyers get'],
  },
  'comes from a fork and asks what is in the private repository of the files': {
    ...READY,
    by: 'eve',
    change: put('assets/book.yaml', asset({ review: 'draft' })),
    title: '1 file for buyers changed',
    never: [sha256('guide-v2'), 'Files that buyers get'],
  },
  'comes from a fork and asks for what is not there': {
    ...READY,
    by: 'eve',
    change: put('assets/book.yaml', asset({ review: 'draft', release: release('heron/goods', 'v9', 'a.pdf') })),
    title: '1 file for buyers changed',
    never: ['Files that buyers get', 'not there'],
  },
  'comes from a fork and says other bytes of a file that is there': {
    ...BAD,
    by: 'eve',
    change: put('assets/book.yaml', asset({ release: release('heron/goods', 'guide-v2', 'heron-guide.pdf', 'x') })),
    title: '1 problem in the catalog',
    annotations: ['assets/book.yaml:3 failure'],
    says: ["Our App can't confirm"],
    never: [sha256('guide-v2'), 'Files that buyers get'],
  },
  'comes from a fork and says the bytes of a file that is not there': {
    ...BAD,
    by: 'eve',
    change: put('assets/book.yaml', asset({ release: release('heron/goods', 'v9', 'a.pdf', 'x') })),
    title: '1 problem in the catalog',
    annotations: ['assets/book.yaml:3 failure'],
    says: ["Our App can't confirm"],
  },
  'comes from a fork and asks what is in a repository that the shop does not have': {
    ...ASKS,
    by: 'eve',
    change: put('assets/book.yaml', asset({ release: release('elsewhere/goods', 'v1', 'book.pdf') })),
    title: "An admin's approval is needed",
    never: ['SHA-256', 'Files that buyers get'],
  },
  'approves an asset, a code owner reviews': {
    ...READY,
    base: { '.github/CODEOWNERS': '/catalog/assets/ @rob\n' },
    change: put('assets/book.yaml', asset()),
    agreed: ['review'],
    agreedBy: 'rob',
    title: '1 file for buyers changed',
    says: [/SHA-256 `[0-9a-f]{64}`/],
  },
  'approves an asset, somebody else reviews': {
    ...ASKS,
    base: { '.github/CODEOWNERS': '/catalog/assets/ @rob\n' },
    change: put('assets/book.yaml', asset()),
    agreed: ['review'],
    agreedBy: 'ada',
    title: "A code owner's approval is needed",
    says: ['`rob`'],
  },
  'approves an asset and makes itself code owner': {
    ...ASKS,
    base: { '.github/CODEOWNERS': '/catalog/assets/ @rob\n' },
    change: { ...put('assets/book.yaml', asset()), '.github/CODEOWNERS': '* @bob\n' },
    agreed: ['comment'],
    agreedBy: 'bob',
    title: "An admin's approval is needed",
    says: ['`.github/CODEOWNERS`', 'who must approve what'],
  },
  'changes nothing but who owns what': {
    ...ASKS,
    base: { CODEOWNERS: '* @rob\n' },
    change: { CODEOWNERS: '* @bob\n' },
    agreed: ['comment', 'review'],
    agreedBy: 'rob',
    title: "An admin's approval is needed",
    says: ['`CODEOWNERS`'],
  },
  'adds a file of code owners that comes before the one that is there, an admin reviews': {
    ...READY,
    base: { CODEOWNERS: '* @rob\n' },
    change: { '.github/CODEOWNERS': '* @bob\n' },
    agreed: ['review'],
    agreedBy: 'ada',
    title: 'Nothing in the shop changes',
    says: ['`.github/CODEOWNERS`', 'approved'],
  },
  'takes the only file of code owners away': {
    ...ASKS,
    base: { 'docs/CODEOWNERS': '* @rob\n' },
    change: { 'docs/CODEOWNERS': null },
    title: "An admin's approval is needed",
  },
  'approves an asset and says nothing of its bytes': {
    ...BAD,
    change: put(
      'assets/book.yaml',
      asset({ release: '{ repository: heron/goods, tag: guide-v2, file: heron-guide.pdf }' }),
    ),
    title: '1 problem in the catalog',
    annotations: ['assets/book.yaml:3 failure'],
    says: ['npx tagsale sha256 book <file>'],
  },
  'approves an asset whose file has other bytes by now': {
    ...BAD,
    change: put('assets/book.yaml', asset({ release: release('heron/goods', 'guide-v2', 'heron-guide.pdf', 'v3') })),
    title: '1 problem in the catalog',
    annotations: ['assets/book.yaml:3 failure'],
    says: ['has the SHA-256'],
  },
  'approves an asset that a team owns': {
    ...ASKS,
    base: { CODEOWNERS: '* @heron/books\n' },
    change: put('assets/book.yaml', asset()),
    agreed: ['comment'],
    agreedBy: 'bob',
    title: "A code owner's approval is needed",
    says: ['can not look into teams'],
  },
  'changes the tag of an approved asset, a stranger agrees': {
    ...ASKS,
    by: 'eve',
    change: put('assets/guide-pdf.yaml', asset({ title: 'The Heron Guide (PDF)' })),
    agreed: ['comment'],
    agreedBy: 'eve',
    title: "A code owner's approval is needed",
    says: ['anyone with write permission', 'heron/goods guide-v1 heron-guide.pdf'],
  },
  'deletes the whole catalog': {
    ...ASKS,
    change: EMPTY,
    title: "An admin's approval is needed",
    says: ['This closes the shop.'],
  },
}
