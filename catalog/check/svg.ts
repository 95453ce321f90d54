// An SVG is a document that can run scripts and call home. Ours are drawings: what is not on these lists is refused.

const ELEMENTS = new Set(
  `svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath image clipPath mask
  pattern marker linearGradient radialGradient stop style filter feBlend feColorMatrix feComponentTransfer feComposite
  feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR
  feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile
  feTurbulence`.split(/\s+/),
)
const ATTRIBUTE = /\s+([A-Za-z_][\w:.-]*)\s*=\s*("[^"<]*"|'[^'<]*')/y
const NAMESPACES = new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink'])
const EMBEDDED_PICTURE = /^data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/=\s]*$/

/** Letters of a drawing are laid out one after the other: a hundred thousand take minutes, and gigabytes. */
const TEXT_CHARACTERS_MAX = 5000
const TOO_MUCH_TEXT = `There are more than ${TEXT_CHARACTERS_MAX} characters of text in this drawing.`

/** What an SVG has and must not have: the offset in its text, and the two sentences. */
export type SvgFault = { offset: number; length: number; found: string; expected: string }

/** The first thing in an SVG that is not plain drawing: scripts, handlers, addresses outside, entities, unknown elements. */
export function svgFault(text: string): SvgFault | undefined {
  let offset = 0
  let isFirst = true
  let characters = 0
  while (offset < text.length) {
    const start = text.indexOf('<', offset)
    if (start < 0) break
    characters += text.slice(offset, start).trim().length
    if (characters > TEXT_CHARACTERS_MAX)
      return fault(offset, 1, TOO_MUCH_TEXT, 'Export letters as paths, or write less.')
    const tag = tagAt(text, start)
    if ('found' in tag) return tag
    if (isFirst && tag.name !== undefined && tag.name !== 'svg') return notDrawing(start, tag.name)
    if (tag.name !== undefined) isFirst = false
    offset = tag.end
  }
  if (isFirst) return fault(0, 1, 'There is no <svg> in this file.', 'Export it as SVG again.')
  return undefined
}

type Tag = { name?: string; end: number }

function tagAt(text: string, start: number): Tag | SvgFault {
  if (text.startsWith('<!--', start)) return commentAt(text, start)
  if (text.startsWith('<?xml ', start) && text.slice(0, start).trim() === '') return declarationAt(text, start)
  const closing = /<\/[A-Za-z][\w:.-]*\s*>/y
  closing.lastIndex = start
  if (closing.test(text)) return { end: closing.lastIndex }
  const opening = /<([A-Za-z][\w:.-]*)/y
  opening.lastIndex = start
  const name = opening.exec(text)?.[1]
  if (name === undefined) {
    const found = `"${text.slice(start, start + 9)}" is no part of a plain drawing.`
    return fault(start, 9, found, 'Remove document types, entities and CDATA, or export it as plain SVG.')
  }
  if (!ELEMENTS.has(name)) return notDrawing(start, name)
  return restOfTag(text, start, name, opening.lastIndex)
}

/** XML and HTML agree where a comment ends only when it holds no `--` and no tags. */
function commentAt(text: string, start: number): Tag | SvgFault {
  const comment = /<!--(?!-?>)((?:(?!--)[^<])*)-->/y
  comment.lastIndex = start
  return comment.test(text) ? { end: comment.lastIndex } : fault(start, 4, 'This comment is not plain.', 'Remove it.')
}

function restOfTag(text: string, start: number, name: string, from: number): Tag | SvgFault {
  let offset = from
  for (;;) {
    ATTRIBUTE.lastIndex = offset
    const match = ATTRIBUTE.exec(text)
    if (!match?.[1] || match[2] === undefined) break
    const refused = attributeFault(match.index + match[0].indexOf(match[1]), match[1], match[2].slice(1, -1))
    if (refused) return refused
    offset = ATTRIBUTE.lastIndex
  }
  const end = /\s*(\/?)>/y
  end.lastIndex = offset
  const match = end.exec(text)
  if (!match) return fault(start, name.length + 1, `<${name}> is not well formed.`, 'Export it as SVG again.')
  return name === 'style' && match[1] === '' ? styleSheet(text, end.lastIndex) : { name, end: end.lastIndex }
}

function attributeFault(offset: number, name: string, value: string): SvgFault | undefined {
  const because = (expected: string) =>
    fault(offset, name.length, `There is ${name}="${value.slice(0, 40)}".`, expected)
  if (/^on/i.test(name)) return because('Pictures run no scripts: remove it.')
  if (/^xmlns(:|$)/.test(name)) return NAMESPACES.has(value) ? undefined : because('Export it as plain SVG.')
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/.test(value)) return because('Export it as plain SVG.')
  const decoded = withoutReferences(value)
  if (/(?:^|:)href$/i.test(name) && !decoded.startsWith('#') && !EMBEDDED_PICTURE.test(decoded)) {
    return because('A picture refers to nothing outside itself: embed it, or remove it.')
  }
  return reachesOut(decoded) ? because('A picture refers to nothing outside itself: remove it.') : undefined
}

/** A style sheet ends with its own tag and holds no other; it is read as CSS, so escapes are refused outright. */
function styleSheet(text: string, from: number): Tag | SvgFault {
  const end = text.indexOf('</style>', from)
  const css = text.slice(from, end < 0 ? text.length : end)
  if (end < 0 || css.includes('<'))
    return fault(from, 1, 'The style sheet is not plain CSS.', 'Write only CSS into <style>.')
  if (!/@import|\\|&/i.test(css) && !reachesOut(css)) return { name: 'style', end }
  return fault(from, 1, 'The style sheet refers to something outside.', 'A picture refers to nothing outside itself.')
}

/** Whether CSS or an attribute refers to anything but a part of the same picture; an escape may hide that it does. */
function reachesOut(value: string): boolean {
  const addresses = [...value.matchAll(/url\s*\(\s*['"]?\s*([^)]*)/gi)].map((match) => match[1] ?? '')
  if (addresses.some((address) => !address.startsWith('#'))) return true
  return value.includes('\\') || /(?:java|vb)script\s*:|expression\s*\(|@import|image-set\s*\(/i.test(value)
}

function withoutReferences(value: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return value.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (_, hex?: string, decimal?: string, name?: string) => {
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal)
    if (name) return named[name] ?? ''
    return code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}

function declarationAt(text: string, start: number): Tag | SvgFault {
  const end = text.indexOf('?>', start)
  return end >= 0 ? { end: end + 2 } : fault(start, 5, 'This is opened and never closed.', 'Export it as SVG again.')
}

function notDrawing(offset: number, name: string): SvgFault {
  return fault(
    offset,
    name.length + 1,
    `There is a <${name}>.`,
    'Pictures only draw: remove it, or export as plain SVG.',
  )
}

function fault(offset: number, length: number, found: string, expected: string): SvgFault {
  return { offset, length, found, expected }
}
