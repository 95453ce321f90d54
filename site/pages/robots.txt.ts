import type { APIRoute } from 'astro'

export const GET: APIRoute = ({ site }) => {
  const lines = ['User-agent: *', 'Disallow: /cart/', 'Disallow: /orders/', 'Disallow: /thanks']
  if (site) lines.push(`Sitemap: ${new URL('/sitemap.xml', site).href}`)
  return new Response(`${lines.join('\n')}\n`, { headers: { 'content-type': 'text/plain; charset=utf-8' } })
}
