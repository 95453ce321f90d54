/** What the build reads from its environment. TAGSALE_SITE_URL is read in astro.config.mjs, as Astro's own `site`. */
export const config = {
  /** Folder with shop.yaml, products/ and assets/. */
  catalogFolder: process.env.TAGSALE_CATALOG || './catalog',
  /** Where the app answers, without a slash at the end; empty when it serves this storefront itself. */
  apiUrl: (process.env.TAGSALE_API_URL ?? '').replace(/\/+$/, ''),
}
