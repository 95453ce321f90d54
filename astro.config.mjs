import { fileURLToPath } from 'node:url'
import { defineConfig } from 'astro/config'

process.env.ASTRO_TELEMETRY_DISABLED ??= '1'

const siteUrl = process.env.TAGSALE_SITE_URL

export default defineConfig({
  ...(siteUrl ? { site: siteUrl } : {}),
  root: fileURLToPath(new URL('.', import.meta.url)),
  srcDir: './site',
  publicDir: './site/public',
  cacheDir: './.tagsale/astro',
  outDir: './.tagsale/site',
  trailingSlash: 'always',
  // Nothing inline, so that the app can send a Content-Security-Policy without 'unsafe-inline'.
  build: { inlineStylesheets: 'never', format: 'directory', assets: 'assets' },
  devToolbar: { enabled: false },
  // Beside the rest of what it writes: node_modules may be somebody else's.
  vite: { cacheDir: '.tagsale/vite', build: { assetsInlineLimit: 0 } },
})
