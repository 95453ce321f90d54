/** The look of the pages besides what all stand-ins share. */
export const STYLE = `
:root { --good: light-dark(#176b32, #6cc985); --bad: light-dark(#b3261e, #ff9a93); --wait: light-dark(#7a5200, #e3b341);
  --good-ground: light-dark(#e3f5e7, #14301c); --bad-ground: light-dark(#fdeceb, #3a1f20); --wait-ground: light-dark(#fff5d9, #33290f);
  --field: light-dark(#8a90a0, #767d8d); --accent: light-dark(#176b32, #6cc985); --on-accent: light-dark(#fff, #06230f) }
header, main { max-width: 66rem }
.person { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; margin: 0 0 1rem; padding: .375rem .75rem; border: 1px dashed var(--field); border-radius: 8px }
.person button { min-height: 2rem; padding: .125rem .625rem; font-size: .875rem }
.place { margin: 0 0 .375rem; font-weight: 600; overflow-wrap: anywhere }
nav { flex-wrap: wrap; gap: .25rem 1.25rem; margin-bottom: 1rem }
.tag { display: inline-block; border: 1px solid var(--line); border-radius: 99px; padding: 0 .5rem; font-size: .8125rem; font-weight: 400; color: var(--soft) }
.good { color: var(--good) } .bad { color: var(--bad) } .wait { color: var(--wait) }
.tag.good, .tag.bad, .tag.wait { border-color: currentColor; font-weight: 600 }
.words { white-space: pre-wrap; overflow-wrap: anywhere }
p { margin: .5rem 0 }
label { font-weight: 550; font-size: .9375rem }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.stack > * + * { margin-top: .625rem }
.choice { display: flex; gap: .5rem; align-items: baseline; font-weight: 400; margin-top: .25rem }
fieldset { border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: .5rem .75rem .75rem; min-width: 0 }
legend { font-weight: 600; padding: 0 .25rem }
input, select, textarea { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--field); border-radius: 8px; padding: .5rem .625rem }
input[type=text], textarea, input[type=file] { width: 100%; display: block; margin-top: .25rem }
input[type=radio], input[type=checkbox] { accent-color: var(--accent); width: 1.0625rem; height: 1.0625rem; flex: none; margin: 0; align-self: center }
textarea { font: .875rem/1.5 ui-monospace, monospace; resize: vertical }
:is(a, button, input, select, textarea, summary, [tabindex]):focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px }
button { font: inherit; font-weight: 600; cursor: pointer; border-radius: 8px; border: 1px solid var(--field); background: transparent; color: inherit; padding: .375rem .875rem; min-height: 2.5rem }
button.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent) }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
summary { cursor: pointer }
.card section.flush { padding: 0 } .card section.flush .files li:first-child { padding: 0 } .card section > ul > li:first-child { border-top: 0; padding-top: 0; margin-top: 0 } .card section > h3 + ul > li:first-child { padding-top: .5rem }
.card > h2 + * { padding-top: 0 }
.files li { border: 0; padding: 0 } .files li + li { border-top: 1px solid var(--line) }
.files li > :is(a, div) { padding: .5rem 1rem } .files li > a { display: block }
.files li > .row { align-items: center } .files button { min-height: 2rem; padding: .125rem .625rem; font-size: .875rem }
pre { tab-size: 2 }
table.lines { border-collapse: collapse; width: 100%; table-layout: fixed; font: .8125rem/1.55 ui-monospace, monospace }
.lines td { padding: 0 .5rem; vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere }
.lines td.at { width: 3.25rem; text-align: right; color: var(--soft); user-select: none; white-space: nowrap }
.lines td.at a { color: inherit; text-decoration: none }
.lines tr:target td { background: var(--wait-ground) }
.lines .added td { background: var(--good-ground) } .lines .removed td { background: var(--bad-ground) }
.lines .added td.at, .lines .removed td.at, .lines tr:target td.at { color: var(--ink) }
.lines .hunk td { color: var(--soft); padding-block: .25rem; border-block: 1px solid var(--line) }
.lines td.note { padding: .375rem .5rem; white-space: normal; font: 1rem/1.5 system-ui, sans-serif }
.note > div, .remark { border-left: 4px solid var(--wait); background: var(--card); border-radius: 4px; padding: .5rem .75rem; box-shadow: 0 0 0 1px var(--line) }
.remark { margin-top: .5rem } .remark.failure, .note > .failure { border-color: var(--bad) } .remark.notice, .note > .notice { border-color: var(--link) }
.markdown { overflow-wrap: anywhere } .markdown > :first-child { margin-top: 0 } .markdown > :last-child { margin-bottom: 0 }
.markdown :is(h1, h2, h3, h4) { font-size: 1.0625rem; margin: 1rem 0 .375rem }
.markdown :is(ul, ol) { list-style: revert; padding-left: 1.375rem; margin: .5rem 0 } .markdown li { border: 0; padding: .0625rem 0 }
.markdown .scroll { overflow-x: auto } .markdown table { border-collapse: collapse; font-size: .9375rem; margin: .5rem 0 }
.markdown :is(th, td) { border: 1px solid var(--line); padding: .3125rem .625rem; text-align: left; vertical-align: top; overflow-wrap: normal; min-width: 5rem }
.markdown img, .picture { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px }
.markdown pre { background: var(--paper); border-radius: 8px; padding: .75rem } .markdown blockquote { margin: .5rem 0; padding-left: .75rem; border-left: 3px solid var(--line); color: var(--soft) }
@media (max-width: 40rem) { .lines td.at { width: 2.5rem; padding-inline: .25rem } .lines td.old { display: none } }
`
