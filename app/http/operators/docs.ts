import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import type { HttpEnv } from '../context.ts'
import { documentOf } from '../document.ts'

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'Tagsale',
    version: 'v1',
    description: 'The API of the shop. Errors are RFC 9457 problems. Money is decimal text, and a currency.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
} as const

const STYLE = `:root{color-scheme:light dark}html{background:Canvas;color:CanvasText}a{color:light-dark(#0b5d66,#7fd0da)}body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}section{border-top:1px solid #8884;padding:.5rem 0}
h2{font-size:1rem;margin:.75rem 0 .25rem}h2 b{display:inline-block;min-width:3.5rem}pre{overflow:auto;padding:.75rem;background:light-dark(#f1f3f1,#232827)}li{margin:.1rem 0}`

type Operation = {
  summary?: string
  description?: string
  parameters?: { name: string; in: string; required?: boolean; description?: string }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string }>
}

/** /openapi.json, generated from the routes, and /docs, which shows it without scripts. */
export function docsRoutes(api: OpenAPIHono<HttpEnv>): void {
  api.doc31('/openapi.json', ABOUT)
  api.get('/docs.css', (c) => c.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }))
  api.get('/docs', (c) => c.html(docsPage(api.getOpenAPI31Document(ABOUT))))
}

function docsPage(document: ReturnType<OpenAPIHono['getOpenAPI31Document']>) {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  )
  const body = html`<main>
<h1>${ABOUT.info.title} API ${ABOUT.info.version}</h1><p>${ABOUT.info.description} For software: <a href="/openapi.json">openapi.json</a>.</p>
${operations.map(({ path, method, operation }) => section(path, method, operation))}
<h1>Shapes</h1>${Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      html`<section><h2>${name}</h2><pre tabindex="0">${JSON.stringify(schema, null, 2)}</pre></section>`,
  )}</main>`
  return documentOf({ title: `${ABOUT.info.title} API`, style: '/docs.css', body })
}

/** Text with `code` in it. */
const prose = (text: string) => text.split('`').map((part, place) => (place % 2 ? html`<code>${part}</code>` : part))

function section(path: string, method: string, { summary, description, parameters, responses }: Operation) {
  return html`<section><h2><b>${method.toUpperCase()}</b> <code>${path}</code></h2>
<p>${prose(`${summary}.${description ? ` ${description}` : ''}`)}</p>
${parameters ? html`<ul>${parameters.map((one) => html`<li><code>${one.name}</code> (${one.in}${one.required ? ', required' : ''}) ${one.description ?? ''}</li>`)}</ul>` : ''}
<ul>${Object.entries(responses).map(([status, response]) => html`<li><code>${status}</code> ${response.description}</li>`)}</ul></section>`
}
