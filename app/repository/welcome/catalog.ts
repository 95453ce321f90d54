import { stringify } from 'yaml'
import { Line } from '../../../catalog/schema/common.ts'
import { NO_CONTACT, ShopSettings } from '../../../catalog/schema/shop.ts'
import { plainLine } from '../../github/markdown.ts'
import { namesOf } from '../../github/repository-name.ts'

/** What a repository says of itself, as far as a new shop needs it. All of it was written by people, for other purposes. */
export type About = {
  /** `owner/name` */
  repository: string
  description: string | null
  homepage: string | null
  /** What its organisation shows to everybody. */
  organization?: { name: string | null; email: string | null } | undefined
}

/** The first product: it can be seen, and not bought, as long as there are none of it. */
export const FIRST_PRODUCT = { id: 'sticker', name: 'Sticker', price: '3.00', currency: 'eur' } as const

const NAME_CHARACTERS_MAX = 60
/** Repositories that are named after what is in them, and not after the project. */
const NOT_A_PROJECT = /^(?:\.github|\.?shop|store|merch|goods|catalog|catalogue|tagsale|website|www)$/i

/** What the project seems to be called. */
export function projectName({ repository, organization }: About): string {
  const { owner, repo: name } = namesOf(repository)
  const candidates = NOT_A_PROJECT.test(name) ? [organization?.name, owner] : [name]
  return candidates.map((candidate) => lineOf(candidate, NAME_CHARACTERS_MAX)).find(Boolean) ?? 'Our project'
}

/** The address that buyers write to: the organisation's public one, or one that a person has to replace. */
export const contactOf = ({ organization }: About): string =>
  ShopSettings.shape.contact.safeParse(organization?.email).data ?? NO_CONTACT

/** A whole catalog to begin with, by path from the repository's root. It passes the check as it is, but for an address that is nobody's. */
export const welcomeCatalog = (about: About, picture: string): Record<string, string> => ({
  'catalog/shop.yaml': shopYaml(about),
  [`catalog/products/${FIRST_PRODUCT.id}.yaml`]: productYaml(projectName(about)),
  [`catalog/images/${FIRST_PRODUCT.id}.svg`]: picture,
})

function shopYaml(about: About): string {
  const name = projectName(about)
  return `# The shop itself. Once an order was placed, leave the id as it is: it is part of every order.
id: ${shopId(about)}
name: ${text(`The ${name} shop`)}
tagline: ${text(lineOf(about.description) ?? `Good things that keep ${name} going`)}
project:
  name: ${text(name)}
  url: ${text(projectUrl(about))}
# Where buyers reach a person. It is shown in the shop and in mails.
contact: ${text(contactOf(about))}
# The first one is what the shop shows. Every price is then needed in each of them.
currencies: [${FIRST_PRODUCT.currency}]
categories:
  - id: merch
    name: "Things"
    summary: "To wear, to stick and to drink from."
# Where parcels go, and what that costs. A shop without parcels needs none of it.
shipping:
  - id: europe
    name: "Europe"
    countries: [AT, BE, DE, DK, ES, FI, FR, IE, IT, NL, PL, PT, SE]
    rates:
      - name: "Letter"
        price: { ${FIRST_PRODUCT.currency}: "3.90" }
        days: [3, 7]
`
}

const productYaml = (project: string): string =>
  `name: ${text(FIRST_PRODUCT.name)}
summary: ${text(`For laptops and bottles. What it earns goes into work on ${project}.`)}
description: |
  A round vinyl sticker, 7 cm across, for indoors and outdoors.

  This is an example: write here what you sell. **Bold**, lists and tables work as they do on GitHub.
category: merch
tags: [sticker]
# draft: not shown. live: in the shop. retired: not for sale any more.
status: live
images:
  - file: images/${FIRST_PRODUCT.id}.svg
    alt: "A round, dark green sticker with a yellow price tag that has a heart on it"
price:
  ${FIRST_PRODUCT.currency}: "${FIRST_PRODUCT.price}"
# As long as this is 0 it is shown as sold out, and nobody can buy it. Write how many you have.
stock: 0
gives:
  parcel:
    weight: 20
`

/** Text in double quotes, as YAML reads it whatever is in it. */
const text = (value: string): string => stringify(value, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd()

/** A line that the catalog takes; nothing where there is none in it. */
function lineOf(value: string | null | undefined, charactersMax = 120): string | undefined {
  const line = plainLine(value ?? '', charactersMax).trim()
  return Line.safeParse(line).success && /[\p{L}\p{N}]/u.test(line) ? line : undefined
}

/** Lower-case words joined by hyphens, from the project's name. */
function shopId(about: About): string {
  const { owner, repo: name } = namesOf(about.repository)
  const id = (NOT_A_PROJECT.test(name) ? owner : name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_CHARACTERS_MAX)
    .replaceAll(/^-|-$/g, '')
  return id || 'shop'
}

/** Its homepage if that is an address to link to, else its page on GitHub. */
function projectUrl({ homepage, repository }: About): string {
  const address = (homepage ?? '').trim().replace(/^(?!\w+:)/, 'https://')
  const url = ShopSettings.shape.project.shape.url.safeParse(address)
  return url.success && /^https:\/\/[\w.-]+\.[a-z]{2,}(?:[/:?#]\S*)?$/i.test(address)
    ? address
    : `https://github.com/${repository}`
}
