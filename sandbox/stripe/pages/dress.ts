import { formatMoney } from '../../../catalog/schema/money.ts'

/** What all pages of the stand-in have in common. They always say what they are. */
export const dress = (title: string) => ({
  title,
  name: 'Stripe stand-in',
  note: 'This is a stand-in: no money moves.',
  style: STYLE,
})

/** An amount that Stripe leaves empty until it knows it. */
export function money(amount: number | null, currency: string | null): string {
  return amount === null || currency === null ? '' : formatMoney({ amount, currency })
}

/** The look of a checkout and of tables with buttons. */
const STYLE = `
:root {
  --field: light-dark(#8a90a0, #767d8d); --accent: light-dark(#0b6b57, #5fd0b3); --on-accent: light-dark(#fff, #06231c);
  --alarm: light-dark(#a3201f, #ff9a93); --alarm-ground: light-dark(#fdeeed, #3a1f20) }
header, main { max-width: 66rem }
main > h1 { margin-bottom: 1rem }
.columns { display: grid; gap: 1.5rem; align-items: start }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem }
.panel + .panel, .stack > * + * { margin-top: 1rem }
.panel, .columns > *, fieldset { min-width: 0 }
.narrow { max-width: 34rem; margin-inline: auto }
.panel h2, legend { margin-bottom: .75rem }
.panel > ul:not(.lines) li { border: 0; padding: 0 }
.total { font-size: 2.1rem; font-weight: 650; letter-spacing: -.02em; margin: 0 }
p { margin: 0 0 .5rem }
ul.lines li { display: grid; grid-template-columns: 1fr auto; gap: .25rem .75rem }
ul.lines li:has(img) { grid-template-columns: 3rem 1fr auto }
ul.lines { margin-bottom: .75rem }
ul.lines li:first-child { border-top: 0; margin: 0; padding-top: 0 }
ul.lines img { width: 3rem; height: 3rem; border-radius: 8px; object-fit: cover; background: var(--paper); border: 1px solid var(--line) }
ul.lines .name { overflow-wrap: anywhere }
dl.sums { grid-template-columns: 1fr auto; gap: .35rem 1rem; margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1rem }
dl.sums dt { color: inherit }
dl.sums dd { text-align: right; font-variant-numeric: tabular-nums }
dl.sums .grand { font-weight: 650 }
label { font-weight: 550; font-size: .92rem }
fieldset { border: 0; margin: 0; padding: 0 }
fieldset.panel { border: 1px solid var(--line); padding: 1.25rem }
legend { font-size: 1.125rem; font-weight: 700; padding: 0 }
input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--field); border-radius: 8px; padding: .6rem .7rem; width: 100%; min-height: 2.75rem }
input[type=number] { width: 5.5rem }
input[type=radio] { width: 1.15rem; min-height: 0; height: 1.15rem; margin: 0; accent-color: var(--accent); flex: none }
.choice { display: flex; gap: .75rem; align-items: center; padding: .7rem .8rem; border: 1px solid var(--line); border-radius: 8px; margin-top: .5rem; font-weight: 400 }
.choice .grow { flex: 1 }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.two { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
button { font: inherit; font-weight: 600; cursor: pointer; border-radius: 8px; border: 1px solid var(--field); background: transparent; color: inherit; padding: .65rem 1rem; min-height: 2.75rem }
button.main { width: 100%; background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-size: 1.05rem }
button.wide { width: 100%; margin-top: .6rem }
.alert { border: 1px solid var(--alarm); background: var(--alarm-ground); color: var(--alarm); border-radius: 8px; padding: .75rem 1rem; margin: 0 0 1rem }
.problem { color: var(--alarm); font-size: .9rem; margin: .25rem 0 0 }
[aria-invalid=true] { border-color: var(--alarm) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; min-width: 40rem; font-size: .92rem }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); vertical-align: top }
thead th { border-top: 0; color: var(--soft); font-weight: 550 }
td form { display: inline-block; margin: 0 .35rem .35rem 0 }
td button { padding: .3rem .7rem; min-height: 2.1rem; font-size: .88rem }
@media (min-width: 56rem) { .columns { grid-template-columns: 1fr 1fr; gap: 2.5rem } }
`
