import { z } from 'zod'

// Where Stripe Checkout takes a shipping address (its shipping_address_collection.allowed_countries).
// Stripe's "ZZ", an unknown country, is left out: nobody can send a parcel there.
const COUNTRIES = `
  AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD CF
  CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL
  GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB
  LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU
  NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX
  SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK YE YT ZA ZM ZW`

/** A country that a parcel can go to: two capital letters, as Stripe and the post spell it. */
export const Country = z
  .enum(
    COUNTRIES.trim().split(/\s+/),
    'a country is the two capital letters that Stripe ships to, such as DE; the United Kingdom is GB',
  )
  .meta({ description: 'A country in two capital letters, such as DE' })
