import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { formatMoney } from '../../../../catalog/schema/money.ts'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** A page of the stand-in. It always says what it is. */
export function shell(title: string, body: Html, width: 'wide' | 'narrow' = 'wide'): Html {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <header class="notice">This is a stand-in: no money moves.</header>
  <main class="${width}">${body}</main>
</body>
</html>`
}

/** An amount that Stripe leaves empty until it knows it. */
export function money(amount: number | null, currency: string | null): string {
  return amount === null || currency === null ? '' : formatMoney({ amount, currency })
}
