import { html } from 'hono/html'
import { documentOf, type Markup } from '../http/document.ts'

/** Where the stylesheet is. */
export const STYLE_PATH = '/setup/style.css'

/** The steps of the setup, as the top of each page shows them. */
const STEPS = ['Enter the code', 'Register the App', 'Install it'] as const
export type Step = 1 | 2 | 3

/** A whole page of the setup. It needs no script. */
export function pageOf(step: Step, title: string, content: Markup): Markup {
  const body = html`<header class="setup-head"><p><strong>Tagsale</strong> · Setting up the shop</p></header>
<main class="setup">
<ol class="setup-steps" aria-label="Steps">${STEPS.map((name, place) => stepItem(name, place + 1, step))}</ol>
${content}
</main>
<footer class="setup-foot"><p>This page is there until the shop starts, and only for the browser with the code.</p></footer>`
  return documentOf({
    title: `${title} · Setting up the shop`,
    style: STYLE_PATH,
    body,
    head: html`<link rel="icon" href="data:,">`,
  })
}

function stepItem(name: string, number: number, now: Step): Markup {
  if (number === now) return html`<li aria-current="step">${name}</li>`
  return number < now
    ? html`<li class="setup-done">${name}<span class="visually-hidden">: done</span></li>`
    : html`<li>${name}</li>`
}

/** What went wrong, for people, above what to do about it. */
export const notice = (text: string): Markup => html`<p class="notice" role="alert">${text}</p>`
