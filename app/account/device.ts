/** Families of browsers and of what they run on; the first that fits, as each says it is those below as well. */
const BROWSERS = [
  [/\bEdg/, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
] as const
const SYSTEMS = [
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
] as const

/** A browser in words, such as `Firefox on Linux`: enough to know one's own, and nothing to find a person by. */
export function deviceOf(userAgent: string): string {
  const word = (families: readonly (readonly [RegExp, string])[]) =>
    families.find(([form]) => form.test(userAgent))?.[1]
  const [browser, system] = [word(BROWSERS), word(SYSTEMS)]
  return browser && system ? `${browser} on ${system}` : (browser ?? 'Another browser')
}
