import type { ShopSettings } from '../../catalog/schema/shop.ts'

const countryNames = new Intl.DisplayNames('en', { type: 'region' })

/** Every country the shop ships to, by name, sorted as people look for them. */
export function countriesOf(shop: Pick<ShopSettings, 'shipping'>): { code: string; name: string }[] {
  const codes = [...new Set(shop.shipping.flatMap((zone) => zone.countries))]
  return codes
    .map((code) => ({ code, name: countryNames.of(code) ?? code }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en'))
}
