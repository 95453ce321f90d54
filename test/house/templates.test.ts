import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { filesBelow, read } from './source.ts'

const FORMS = filesBelow(['.github/ISSUE_TEMPLATE'], ['.yml', '.yaml', '.md'])
  .filter((path) => !path.endsWith('/config.yml'))
  .toSorted()
const yaml = (path: string) => parse(read(path))

/** GitHub's syntax for issue forms, as far as we use it. Unknown keys are refused there too. */
const text = z.string().trim().min(1)
const field = { id: z.string().regex(/^[\w-]+$/), validations: z.strictObject({ required: z.boolean() }).optional() }
const words = { label: text, description: text.optional() }
const textWords = { ...words, placeholder: text.optional(), value: text.optional() }
const option = text.refine((choice) => choice.toLowerCase() !== 'none', 'is a word of GitHub’s own')
const Form = z.strictObject({
  name: text.min(4), // GitHub hides a form whose name is shorter.
  description: text,
  title: text.optional(),
  labels: z.array(text).min(1),
  body: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: text }) }),
      z.strictObject({ type: z.literal('input'), ...field, attributes: z.strictObject(textWords) }),
      z.strictObject({
        type: z.literal('textarea'),
        ...field,
        attributes: z.strictObject({ ...textWords, render: text.optional() }),
      }),
      z.strictObject({
        type: z.literal('dropdown'),
        ...field,
        attributes: z.strictObject({
          ...words,
          multiple: z.boolean().optional(),
          options: z.array(option).refine((all) => all.length > 0 && new Set(all).size === all.length),
        }),
      }),
    ]),
  ),
})

describe('what a person finds who writes to us', () => {
  const categories = yaml('.github/release.yml').changelog.categories as { title: string; labels: string[] }[]

  test.each(FORMS)('%s is a form that GitHub takes', (path) => {
    const { body, labels } = Form.parse(yaml(path))
    const fields = body.flatMap((part) => ('id' in part ? part : []))
    expect(fields.length).toBeGreaterThan(0)
    for (const key of [fields.map(({ id }) => id), fields.map(({ attributes }) => attributes.label)])
      expect(new Set(key).size).toBe(fields.length)
    expect(labels.filter((label) => !categories.some((category) => category.labels.includes(label)))).toEqual([])
  })

  test('a form for a bug, one for an idea, and a way for questions and for what is secret', () => {
    expect(FORMS.map((path) => yaml(path).labels)).toEqual([['bug'], ['enhancement']])
    const { blank_issues_enabled: blank, contact_links: links } = yaml('.github/ISSUE_TEMPLATE/config.yml')
    expect(blank).toBe(false)
    const Link = z.strictObject({ name: text, about: text, url: z.url({ protocol: /^https$/ }) })
    const urls = z
      .array(Link)
      .parse(links)
      .map(({ url }) => url.replace('https://github.com/tagsale/tagsale', ''))
    expect(urls).toEqual(['/discussions/categories/q-a', '/security/advisories/new'])
  })

  test('a pull request is asked for its reason, its test and its documents', () => {
    const template = read('.github/pull_request_template.md')
    for (const word of ['why', 'test', 'document', 'CHANGELOG']) expect(template).toContain(word)
  })

  test('release notes put what breaks first, and lose nothing', () => {
    expect(categories[0]?.labels).toEqual(['breaking'])
    expect(categories.at(-1)?.labels).toEqual(['*'])
  })

  test('every file has owners', () => {
    const rules = read('.github/CODEOWNERS')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
    expect(rules[0]?.split(/\s+/)).toEqual(['*', '@tagsale/maintainers'])
    expect(rules.filter((line) => !/^\S+(?: @[\w-]+\/[\w-]+)+$/.test(line))).toEqual([])
  })
})
