import { expect, test } from 'vitest'
import { VARIABLES } from '../../app/config.ts'
import { buildEnvironment } from '../../app/live/build-storefront.ts'

test('a build sees none of the settings of the shop, nor anything else of ours that it does not need', () => {
  const secrets = Object.fromEntries(
    [...VARIABLES, 'AWS_SECRET_ACCESS_KEY', 'npm_config__auth'].map((name) => [name, 'a secret']),
  )
  const options = { catalogFolder: '/catalog', siteUrl: 'https://shop.example.org' }
  expect(buildEnvironment(options, { ...secrets, PATH: '/bin', HOME: '/home/shop' })).toEqual({
    PATH: '/bin',
    HOME: '/home/shop',
    ASTRO_TELEMETRY_DISABLED: '1',
    TAGSALE_CATALOG: '/catalog',
    TAGSALE_SITE_URL: 'https://shop.example.org',
    TAGSALE_API_URL: '',
  })
})
