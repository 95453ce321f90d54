import { html } from 'hono/html'
import type { Markup } from '../http/document.ts'
import { settingLines } from './env-file.ts'
import type { RegisteredApp } from './exchange.ts'
import type { AppManifest } from './manifest.ts'
import { notice, pageOf } from './page.ts'

/** Where the form of the manifest goes: to the account of whoever is signed in, or to an organisation of theirs. */
export type Account = { kind: 'personal' } | { kind: 'organisation'; name: string }

const PERMISSION_WORDS: Record<string, string> = {
  metadata: 'names of repositories, and who may give commands',
  contents: 'the catalog, the files you sell, and the branches of its own pull requests',
  checks: 'the result of looking at a catalog, each mistake on its line',
  pull_requests: 'the pull request that begins a shop, and those that follow releases',
  issues: 'an issue where a person is needed, and reading commands in comments',
  merge_queues: 'hearing of merge queues',
}

/** Step 1: the code from the terminal. */
export const codePage = (problem?: string): Markup =>
  pageOf(
    1,
    'Enter the code',
    html`${problem ? notice(problem) : ''}
<h1>This shop has no GitHub App yet</h1>
<p>To set it up, enter the code that the shop has printed where it runs: in its terminal, or its log. It works once.</p>
<form method="post" action="/setup/enter">
<p class="setup-field"><label for="code">Code</label>
<input id="code" name="code" required autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="40" placeholder="ABCD-EFGH-JKMN-PQRS"></p>
<button class="button">Go on</button>
</form>`,
  )

/** Step 2, first half: whose the App is to be. */
export const accountPage = (problem?: string): Markup =>
  pageOf(
    2,
    'Register the App',
    html`${problem ? notice(problem) : ''}
<h1>Whose is the shop?</h1>
<p>The shop has a GitHub App of its own, which nobody else can install. It belongs to an account:</p>
<form method="get" action="/setup/register">
<fieldset><legend>The App belongs to</legend>
<label class="setup-choice"><input type="radio" name="account" value="organisation" checked> an organisation, of which you are an owner</label>
<p class="setup-field"><label for="organisation">Name of the organisation, as in its address on GitHub</label>
<input id="organisation" name="organisation" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="39" placeholder="tern-project"></p>
<label class="setup-choice"><input type="radio" name="account" value="personal"> my own account</label>
</fieldset>
<button class="button">Go on</button>
</form>`,
  )

/** Step 2, second half: what the App asks for, and the form that goes to GitHub. `action` has the state in it. */
export const manifestPage = (account: Account, manifest: AppManifest, action: string): Markup =>
  pageOf(
    2,
    'Register the App',
    html`<h1>Register the App ${account.kind === 'personal' ? 'in your own account' : html`in ${account.name}`}</h1>
<p>GitHub shows you a name for the App, <strong>${manifest.name}</strong>, which you may change, and one button. The App will be able to</p>
<ul>${Object.entries(manifest.default_permissions).map(
      ([name, level]) =>
        html`<li>${level === 'write' ? 'read and write' : 'read'} <strong>${name.replaceAll('_', ' ')}</strong>${PERMISSION_WORDS[name] ? `: ${PERMISSION_WORDS[name]}` : ''}</li>`,
    )}</ul>
<p>in the repositories that you will install it on, and nowhere else.</p>
<form method="post" action="${action}">
<input type="hidden" name="manifest" value="${JSON.stringify(manifest)}">
<button class="button">Go to GitHub</button>
</form>
<p><a href="/setup">Choose another account</a></p>`,
  )

/** Between 2 and 3, where the settings could not be written: they are shown, once, for copying. */
export const copyPage = ({ credentials }: RegisteredApp, envFile: string): Markup =>
  pageOf(
    2,
    'Keep these settings',
    html`<h1>Keep these settings</h1>
${notice(`${envFile} can't be written. Copy these lines to where the shop's settings are kept, before you go on: GitHub shows them only once.`)}
<pre tabindex="0" aria-label="Settings">${settingLines(credentials).join('\n')}</pre>
<p>They are secrets: whoever has them can act as the App.</p>
<form method="post" action="/setup/copied"><button class="button">Copied, go on</button></form>`,
  )

/** Step 3: the way to install it. The shop starts as soon as this is shown. */
export const installPage = ({ slug, name }: RegisteredApp, githubUrl: string): Markup =>
  pageOf(
    3,
    'Install it',
    html`<h1>${name} is registered</h1>
<p>The shop is starting now. Install the App on the repository with your catalog (or on the one that is to have it), and on
those whose releases hold the files you sell. It opens a pull request that says what comes next.</p>
<p><a class="button" href="${githubUrl}/apps/${slug}/installations/new">Install it</a></p>
<p class="setup-hint">Later you find it in the App's settings on GitHub, under “Install App”. <code>npx tagsale doctor</code> tells what is missing.</p>`,
  )

/** What was asked for isn't there, or not for this browser. */
export const refusedPage = (title: string, detail: string): Markup =>
  pageOf(1, title, html`<h1>${title}</h1><p>${detail}</p><p><a href="/setup">To the setup</a></p>`)
