/** Where each carrier shows a parcel: the number goes where `#` is. Checked against their own pages as far as documents tell. */
const CARRIERS: Record<string, string> = {
  'Australia Post': 'https://auspost.com.au/mypost/track/details/#',
  'Canada Post': 'https://www.canadapost-postescanada.ca/track-reperage/en?searchFor=#',
  DHL: 'https://www.dhl.com/global-en/home/tracking.html?tracking-id=#&submit=1',
  'Deutsche Post': 'https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode=#',
  FedEx: 'https://www.fedex.com/fedextrack/?trknbr=#',
  'Japan Post': 'https://trackings.post.japanpost.jp/services/srv/search/direct?locale=en&reqCodeNo1=#',
  'La Poste': 'https://www.laposte.fr/outils/suivre-vos-envois?code=#',
  PostNL: 'https://jouw.postnl.nl/track-and-trace/#',
  'Royal Mail': 'https://www.royalmail.com/track-your-item?trackNumber=#',
  'SF Express': 'https://www.sf-express.com/chn/en/waybill/waybill-detail/#',
  UPS: 'https://www.ups.com/track?tracknum=#',
  USPS: 'https://tools.usps.com/go/TrackConfirmAction?tLabels=#',
}

/** The carriers whose parcels can be followed without giving an address. */
export const CARRIER_NAMES = Object.keys(CARRIERS)

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z]/g, '')

/** How a carrier writes itself, where we know it: `royal mail`, `RoyalMail` and `ROYAL-MAIL` are one. */
export const carrierNamed = (name: string): string =>
  CARRIER_NAMES.find((known) => plain(known) === plain(name)) ?? name.trim()

/** Where a parcel of this carrier is followed; nothing when we don't know. */
export function trackingUrl(carrier: string, number: string): string | undefined {
  const known = CARRIERS[carrierNamed(carrier)]
  return known?.replace('#', encodeURIComponent(number.replaceAll(/\s/g, '')))
}
