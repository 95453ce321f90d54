import type { PriceChange, ProductChange } from '../../../catalog/changes.ts'
import { printProblems } from '../../../catalog/problem/problem.ts'
import { type Money, toDecimalText } from '../../../catalog/schema/money.ts'
import { sizeText } from '../../../catalog/size.ts'
import { altText, codeBlock, codeCell, codeSpan, plainLine } from '../../github/markdown.ts'
import { changeWords } from './change-words.ts'
import type { Asked, Findings, LookedUpAsset } from './findings.ts'

/** GitHub takes 65,535 characters; counted in bytes, with room, nothing is ever refused. */
const SUMMARY_BYTES_MAX = 60_000
const SECTION_BYTES_MAX = 20_000
const PROBLEMS_SHOWN_MAX = 10
/** GitHub refuses release files from 2 GiB on. */
const RELEASE_FILE_BYTES_MAX = 2 * 1024 ** 3
const CUT = '_There is more than fits here. The rest is in the annotations, and in `npx tagsale check`._'

/** The summary of a check run in Markdown, for someone who sees one for the first time. */
export function summaryOf(findings: Findings): string {
  const sections = [
    opening(findings),
    approvalSection(findings),
    problemSection(findings),
    productSection(findings),
    addressSection(findings),
    assetSection(findings),
    previewSection(findings),
    ending(findings),
  ].filter((section) => section !== '')
  return within(sections, '\n\n', SUMMARY_BYTES_MAX, CUT)
}

/** As many pieces as fit, and a sentence where some don't. */
function within(pieces: readonly string[], joint: string, bytesMax: number, cut: string): string {
  const room = bytesMax - Buffer.byteLength(joint + cut)
  const kept: string[] = []
  let bytes = 0
  for (const piece of pieces) {
    bytes += Buffer.byteLength(piece + joint)
    if (bytes > room) return [...kept, cut].join(joint)
    kept.push(piece)
  }
  return kept.join(joint)
}

function opening(findings: Findings): string {
  const { problems, warnings, asked, pull, base } = findings
  const words = changeWords(findings)
  const when = pull ? `When this is merged into ${codeSpan(base)}` : `With this in ${codeSpan(base)}`
  if (problems.length > 0) {
    const one = problems.length === 1
    return `**${problems.length} ${one ? 'problem stands' : 'problems stand'} in the way.** Each is marked on its line under "Files changed". As long as ${one ? 'it is' : 'they are'} there, nothing of this goes live, and the shop stays as it is.`
  }
  const draft = pull?.isDraft ? ' This is still a draft; the check is the same.' : ''
  const notes =
    warnings.length > 0
      ? ` There ${warnings.length === 1 ? 'is one note' : `are ${warnings.length} notes`} besides.`
      : ''
  const first = `**${when}: ${words.charAt(0).toLowerCase()}${words.slice(1)}.**${notes}${draft}`
  return asked.some(({ isOpen }) => isOpen) ? `${first} Before that, somebody has to approve it; see below.` : first
}

function approvalSection({ asked, head, pull }: Findings): string {
  if (asked.length === 0) return ''
  const open = asked.some(({ isOpen }) => isOpen)
  const rows = asked.map(
    (one) => `| ${codeCell(one.path)} | ${whatWords(one)} | ${whoWords(one)} | ${one.isOpen ? 'asked' : 'approved'} |`,
  )
  const table = tableOf(['File', 'What changes', 'Who must approve', ''], rows)
  if (!pull) {
    const words = 'What counts here is what was approved in the pull requests themselves.'
    const next = 'Take those that lack an approval out of the queue, approve them, and queue them again.'
    return ['### Approvals', open ? `${words} ${next}` : words, table].join('\n\n')
  }
  const how = `Approve with a review of the last commit, or with a comment that has this line (a later commit asks anew):\n\n\`\`\`text\n/tagsale approve ${head}\n\`\`\``
  return ['### Approvals', ...(open ? [how] : []), table].join('\n\n')
}

function whatWords({ what }: Asked): string {
  if (what.before === undefined && what.after === undefined) return what.text
  return `${codeCell(what.text, 60)}: ${codeCell(what.before ?? '', 120)} → ${codeCell(what.after ?? '', 120)}`
}

function whoWords({ logins, words }: Asked): string {
  return logins.length > 0
    ? `${words}: ${logins
        .slice(0, 10)
        .map((login) => codeCell(login))
        .join(', ')}`
    : words
}

function problemSection({ problems, inherited }: Findings): string {
  if (problems.length === 0) return ''
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map((one) => ({ ...one, file: plainLine(one.file) }))
  const more = problems.length - shown.length
  const old =
    inherited > 0 ? [`${inherited} of them ${inherited === 1 ? 'was' : 'were'} there before this pull request.`] : []
  const rest = more > 0 ? [`And ${more} more, in the annotations.`] : []
  const text = printProblems(shown, 'catalog').replace(/\n\d+ problems? in [^\n]*\n$/, '\n')
  return ['### What to mend', ...old, codeBlock(text, 12_000), ...rest].join('\n\n')
}

function productSection({ changes, before, problems }: Findings): string {
  if (!changes) {
    if (before === 'none' || problems.length === 0) return ''
    return '### What changes for buyers\n\nThis is shown as soon as the catalog can be read.'
  }
  if (changes.products.length === 0) return ''
  const rows = changes.products.flatMap(productRows)
  return ['### What changes for buyers', tableOf(['Product', 'What', 'Before', 'After'], rows)].join('\n\n')
}

const KIND_WORDS = {
  new: 'new in the shop',
  changed: 'changes',
  withdrawn: 'no longer for sale',
  removed: 'removed',
  renamed: 'has a new address',
  hidden: 'draft: buyers see nothing of it',
}

function productRows(change: ProductChange): string[] {
  const { id, before, after, kind } = change
  const name = `${codeCell(id)} ${codeCell((after ?? before)?.name ?? '', 60)}`
  const row = (what: string, was: string, is: string) => `| ${name} | ${what} | ${was} | ${is} |`
  const isNamed = before && after && before.name !== after.name
  const fields = change.fields.filter((field) => field !== 'name')
  return [
    ...(kind === 'changed'
      ? []
      : [row(`**${KIND_WORDS[kind]}**`, statusWords(change, 'before'), statusWords(change, 'after'))]),
    ...(isNamed ? [row('name', codeCell(before.name, 120), codeCell(after.name, 120))] : []),
    ...byOffer(change.prices).map(([label, prices]) => row(label, amounts(prices, 'before'), amounts(prices, 'after'))),
    ...change.stock.map(({ label, before, after }) =>
      row(labelled('stock', label), stockWords(before), stockWords(after)),
    ),
    ...(!before && after?.stock !== undefined ? [row('stock', '–', stockWords(after.stock))] : []),
    ...(fields.length > 0 ? [row(`changed: ${fields.map((field) => codeCell(field)).join(', ')}`, '', '')] : []),
  ]
}

function statusWords({ id, was, before, after }: ProductChange, side: 'before' | 'after'): string {
  const product = side === 'before' ? before : after
  if (!product) return '–'
  return `${product.status}, ${codeCell(`/products/${side === 'before' ? (was ?? id) : id}/`)}`
}

function byOffer(prices: readonly PriceChange[]): [string, PriceChange[]][] {
  const groups = Map.groupBy(prices, ({ what, label }) => labelled(what, label))
  return [...groups]
}

const labelled = (what: string, label: string) => (label ? `${what}, ${codeCell(label, 60)}` : what)
const stockWords = (stock: number | null) => (stock === null ? 'no limit' : String(stock))

function amounts(prices: readonly PriceChange[], side: 'before' | 'after'): string {
  const words = (money: Money | null) => (money ? [`${toDecimalText(money)} ${money.currency.toUpperCase()}`] : [])
  return prices.flatMap((price) => words(price[side])).join(', ') || '–'
}

function addressSection({ changes }: Findings): string {
  const gone = (changes?.products ?? []).filter(
    ({ kind, after }) =>
      kind === 'removed' || kind === 'renamed' || (kind === 'withdrawn' && after?.status === 'draft'),
  )
  if (gone.length === 0) return ''
  const lines = gone.map(({ id, was }) => `- ${codeSpan(`/products/${was ?? id}/`)}`)
  const words =
    'These addresses stop working, and so do bookmarks and links from elsewhere. To take a product from sale and keep its address, leave its file and write `status: retired`.'
  return ['### Links that break', words, within(lines, '\n', SECTION_BYTES_MAX, '- and more')].join('\n\n')
}

function assetSection({ assets, assetsUnseen }: Findings): string {
  if (assets.length === 0) return ''
  const rows = assets.map(
    ({ asset, file }) =>
      `| ${codeCell(asset.id)} | ${asset.review} | ${codeCell(asset.release.repository)} | ${codeCell(asset.release.tag)} | ${codeCell(asset.release.file)} | ${fileWords(file)} |`,
  )
  const more = assetsUnseen > 0 ? [`${assetsUnseen} more were not looked up.`] : []
  const table = tableOf(['Asset', 'Review', 'Repository', 'Release', 'File', 'At GitHub'], rows)
  return ['### Files that buyers get', table, ...more].join('\n\n')
}

function fileWords(file: LookedUpAsset['file']): string {
  if ('missing' in file) return '**not there**'
  const large = file.size >= RELEASE_FILE_BYTES_MAX ? ' (GitHub takes less than 2 GiB)' : ''
  const digest = file.sha256 ? `SHA-256 \`${file.sha256}\`` : 'no SHA-256: uploaded before June 2025'
  return `${sizeText(file.size)}${large}, ${digest}`
}

function previewSection({ previews, after }: Findings): string {
  if (previews.size === 0 || after === 'none' || after === 'broken') return ''
  const pictures = [...previews].map(
    ([id, url]) => `![How ${altText(after.products.get(id)?.name ?? id)} will look](${url})`,
  )
  return ['### How it will look', within(pictures, '\n', SECTION_BYTES_MAX, '')].join('\n\n')
}

function ending({ problems, pull, asked }: Findings): string {
  const again = pull ? ' To check once more, write a comment with `/tagsale recheck` at the start of a line.' : ''
  if (problems.length > 0) return `The same check runs on your machine: \`npx tagsale check\`.${again}`
  return asked.some(({ isOpen }) => isOpen) ? `This check looks again by itself when somebody approves.${again}` : ''
}

function tableOf(head: readonly string[], rows: readonly string[]): string {
  const top = [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`].join('\n')
  const last = `| and more |${' |'.repeat(head.length - 1)}`
  return `${top}\n${within(rows, '\n', SECTION_BYTES_MAX, last)}`
}
