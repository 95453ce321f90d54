/** The look of the stand-in's pages: calm, light and dark, and nobody's brand. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f4f1, #16181d);
  --panel: light-dark(#ffffff, #1f2229);
  --ink: light-dark(#1c2230, #eceef2);
  --soft: light-dark(#596072, #a6adbb);
  --line: light-dark(#d9dae0, #363b46);
  --field: light-dark(#8a90a0, #767d8d);
  --accent: light-dark(#0b6b57, #5fd0b3);
  --on-accent: light-dark(#ffffff, #06231c);
  --alarm: light-dark(#a3201f, #ff9a93);
  --alarm-ground: light-dark(#fdeeed, #3a1f20);
  --notice: light-dark(#fff6dc, #332c16);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.notice { margin: 0; padding: .5rem 1rem; background: var(--notice); text-align: center; font-size: .9rem; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
main.narrow { max-width: 34rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
a { color: var(--accent); }
.columns { display: grid; gap: 1.5rem; align-items: start; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; }
.panel + .panel, .stack > * + * { margin-top: 1rem; }
.panel, .columns > * { min-width: 0; }
.total { font-size: 2.1rem; font-weight: 650; letter-spacing: -.02em; margin: 0; }
.soft { color: var(--soft); font-size: .9rem; }
p { margin: 0 0 .5rem; }
ul.lines { list-style: none; margin: 0; padding: 0; }
ul.lines li { display: grid; grid-template-columns: 1fr auto; gap: .25rem .75rem; padding: .75rem 0; border-top: 1px solid var(--line); }
ul.lines li:first-child { border-top: 0; }
ul.lines li:has(img) { grid-template-columns: 3rem 1fr auto; }
ul.lines img { width: 3rem; height: 3rem; border-radius: 8px; object-fit: cover; background: var(--ground); border: 1px solid var(--line); }
ul.lines .name { overflow-wrap: anywhere; }
dl.sums { display: grid; grid-template-columns: 1fr auto; gap: .35rem 1rem; margin: 1rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); }
dl.sums dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
dl.sums .grand { font-weight: 650; }
label, legend { font-weight: 550; font-size: .92rem; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
input, select { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--field); border-radius: 8px; padding: .6rem .7rem; width: 100%; min-height: 2.75rem; }
input[type=number] { width: 5.5rem; }
input[type=radio], input[type=checkbox] { width: 1.15rem; min-height: 0; height: 1.15rem; margin: 0; accent-color: var(--accent); flex: none; }
.choice { display: flex; gap: .75rem; align-items: center; padding: .7rem .8rem; border: 1px solid var(--line); border-radius: 8px; margin-top: .5rem; font-weight: 400; }
.choice .grow { flex: 1; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
legend { font-size: 1.05rem; font-weight: 650; }
.two { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button { font: inherit; font-weight: 600; cursor: pointer; border-radius: 8px; border: 1px solid var(--field); background: transparent; color: inherit; padding: .65rem 1rem; min-height: 2.75rem; }
button.main { width: 100%; background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-size: 1.05rem; }
button.wide { width: 100%; margin-top: .6rem; }
.alert { border: 1px solid var(--alarm); background: var(--alarm-ground); color: var(--alarm); border-radius: 8px; padding: .75rem 1rem; margin: 0 0 1rem; }
.problem { color: var(--alarm); font-size: .9rem; margin: .25rem 0 0; }
[aria-invalid=true] { border-color: var(--alarm); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 40rem; font-size: .92rem; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 550; }
td form { display: inline-block; margin: 0 .35rem .35rem 0; }
td button { padding: .3rem .7rem; min-height: 2.1rem; font-size: .88rem; }
code { font-size: .85rem; overflow-wrap: anywhere; }
@media (min-width: 56rem) { .columns { grid-template-columns: 1fr 1fr; gap: 2.5rem; } }
`
