import { same } from '../../../catalog/changes.ts'
import { CatalogRefusedError } from '../../github/catalog/catalog-tree.ts'
import type { Parts } from '../../parts.ts'
import { approvalsOf, codeOwnersAt } from './agreed.ts'
import { askedFor, type Need, needsOf, openNeeds } from './approval.ts'
import type { Asked } from './findings.ts'
import { type Question, type Sides, sidesOf } from './sides.ts'

/** Who is asked for what a change needs, and whether somebody agreed in one of the pull requests that bring it there. */
export async function ask(question: Question, { catalogs, owners }: Sides): Promise<Asked[]> {
  const { was, is } = catalogs ?? {}
  const known = was && is && is.known !== 'broken' ? needsOf(was.known, is.known) : []
  return askAll(question, [...known, ...(was?.known === 'none' ? [] : [...owners].map(ownersNeed))])
}

/** The same for a change of which nothing else is told. Where it can't be found out, an admin is asked. */
export async function askOnly(parts: Pick<Parts, 'config' | 'readApart'>, question: Question): Promise<Asked[]> {
  const unknown = (why: string) => askAll(question, [{ path: 'catalog/shop.yaml', who: 'admin', what: { text: why } }])
  try {
    const sides = await sidesOf(parts, question)
    const { is, conflicts = [] } = sides.catalogs ?? {}
    if (is?.known === 'broken')
      return unknown('This could not be checked on the branch that it goes to: it has problems there.')
    if (conflicts.length > 0)
      return unknown('This could not be checked on the branch that it goes to: both changed a file.')
    return ask(question, sides)
  } catch (error) {
    if (!(error instanceof CatalogRefusedError)) throw error
    return unknown('This could not be checked on the branch that it goes to: there is too much of it.')
  }
}

/** What was asked in several places, once each: open as long as it is open in one of them. */
export function askedInAll(places: readonly (readonly Asked[])[]): Asked[] {
  const all: Asked[] = []
  for (const one of places.flat()) {
    const at = all.findIndex(({ path, what }) => path === one.path && same(what, one.what))
    const known = all[at]
    if (!known) all.push(one)
    else if (one.isOpen && !known.isOpen) all[at] = one
  }
  return all
}

const ownersNeed = (path: string): Need => {
  return { path, who: 'admin', what: { text: 'This changes who must approve what.' } }
}

async function askAll({ repository, baseTip, subjects }: Question, needs: readonly Need[]): Promise<Asked[]> {
  if (needs.length === 0) return []
  const ownersOf = await codeOwnersAt(repository, baseTip)
  let open = needs
  for (const subject of subjects) {
    if (open.length > 0) open = openNeeds(open, await approvalsOf(repository, subject), ownersOf, subject.author)
  }
  return needs.map((need) => ({ ...need, ...askedFor(need, ownersOf(need.path)), isOpen: open.includes(need) }))
}
