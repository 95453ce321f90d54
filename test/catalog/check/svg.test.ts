import { expect, test } from 'vitest'
import { svgFault } from '../../../catalog/check/svg.ts'

const svg = (inside: string, attributes = '') => `<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inside}</svg>`

test.each([
  `<?xml version="1.0"?>\n<!-- a tern -->\n${svg('<path d="M0 0"/>')}`,
  svg('<defs><linearGradient id="a"><stop offset="1"/></linearGradient></defs><rect fill="url(#a)"/>'),
  svg(
    '<symbol id="b"><circle r="1"/></symbol><use href="#b"/><use xlink:href="#b"/>',
    'xmlns:xlink="http://www.w3.org/1999/xlink"',
  ),
  svg('<style>.a { fill: #123; mask: url("#m") }</style><text class="a">Terns &amp; friends</text>'),
  svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
])('%s is a drawing', (text) => {
  expect(svgFault(text)).toBeUndefined()
})

test.each([
  ['no svg', 'hello'],
  ['another element first', '<html><svg/></html>'],
  ['a script', svg('<script>alert(1)</script>')],
  ['a script by another prefix', svg('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>')],
  ['a script in capitals', svg('<SCRIPT>alert(1)</SCRIPT>')],
  ['a script behind a comment that HTML ends earlier', svg('<!-- --!><script>alert(1)</script> -->')],
  ['HTML inside', svg('<foreignObject><body/></foreignObject>')],
  ['a link', svg('<a href="javascript:alert(1)"><path/></a>')],
  ['an animation of an address', svg('<set attributeName="href" to="javascript:alert(1)"/>')],
  ['a handler', svg('<path onload="alert(1)"/>')],
  ['a handler in capitals', svg('<path ONLOAD="alert(1)"/>')],
  ['a handler on the picture', svg('', 'onload="alert(1)"')],
  ['an attribute without quotes', svg('<path onload=alert(1) />')],
  ['a picture from outside', svg('<image href="https://spy.example/x.png"/>')],
  ['an SVG within', svg('<image href="data:image/svg+xml;base64,PHN2Zz4="/>')],
  ['a part from outside', svg('<use xlink:href="//spy.example/x.svg#a"/>')],
  ['a fill from outside', svg('<rect fill="url(https://spy.example/x)"/>')],
  ['a style from outside', svg('<rect style="fill:url(//spy.example)"/>')],
  ['a style with an escape', svg('<rect style="fill:u\\72l(//spy.example)"/>')],
  ['an address in character references', svg('<image href="&#104;ttps://spy.example"/>')],
  ['a style sheet from outside', svg('<style>@import "//spy.example"</style>')],
  ['an escaped style sheet', svg('<style>@\\69mport "//spy.example"</style>')],
  ['a style sheet with markup', svg('<style><![CDATA[ a{} ]]></style>')],
  ['a style sheet by instruction', `<?xml-stylesheet href="//spy.example"?>${svg('')}`],
  ['an entity', `<!DOCTYPE svg [<!ENTITY x "y">]>${svg('&x;')}`],
  ['another namespace', svg('', 'xmlns:x="http://www.w3.org/1999/xhtml"')],
  ['a tag that never ends', '<svg'],
])('%s is refused', (_, text) => {
  expect(svgFault(text)).toMatchObject({ found: expect.stringMatching(/\.$/), expected: expect.stringMatching(/\.$/) })
})

test('a fault lies where it is', () => {
  const text = svg('\n<path onload="alert(1)"/>')
  expect(svgFault(text)).toMatchObject({ offset: text.indexOf('onload'), length: 6 })
})
