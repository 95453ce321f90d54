import { NO_CONTACT } from '../../../catalog/schema/shop.ts'
import { codeSpan } from '../../github/markdown.ts'
import { type About, contactOf, FIRST_PRODUCT, projectName } from './catalog.ts'
import { WORKFLOW_FILE } from './workflow.ts'

/** The pull request's title. Another one on a closed pull request asks for it again. */
export const WELCOME_TITLE = 'Open the shop'

/** Where the shop is; whether the workflow is among the files, or else the link by which a person adds it. */
export type BodyFacts = { shopUrl: string; hasWorkflow: boolean; addWorkflowUrl?: string | undefined }

/** The pull request's text, for somebody who never sold anything. Names in it come from the repository, and are escaped. */
export function welcomeBody(about: About, { shopUrl, hasWorkflow, addWorkflowUrl }: BodyFacts): string {
  return `This adds a small shop for ${codeSpan(projectName(about))} to this repository. It is a proposal: **nothing is sold before you merge it.**

## What is in it

| File | Is |
|---|---|
| \`catalog/shop.yaml\` | the shop: its name, its currency, and where parcels go |
| \`catalog/products/${FIRST_PRODUCT.id}.yaml\` | a first product, as an example |
| \`catalog/images/${FIRST_PRODUCT.id}.svg\` | its picture |
${hasWorkflow ? `| \`${WORKFLOW_FILE}\` | checks the catalog on GitHub as well, without our server |\n` : ''}
## What buyers will see

| Product | Price | In the shop |
|---|---|---|
| ${FIRST_PRODUCT.name} | ${FIRST_PRODUCT.price} ${FIRST_PRODUCT.currency.toUpperCase()} | shown as sold out, because \`stock\` is 0 |

So nobody can buy anything by accident: that begins when you write down how many you have, or add a product of your own.

## Before you merge

- [ ] ${contactLine(about)}
- [ ] Read \`catalog/shop.yaml\`, and put your words in place of ours.
- [ ] Put your currency, the countries you send to and what a parcel costs.

Change the files here with the pencil, or push to this branch: it is yours now. We never write to it again, so your commits stay.
The check below says within seconds what is wrong, on its line, and what to write instead.

## And then

- **Merging it** opens the shop at ${codeSpan(shopUrl)} within a minute. From then on every change is a pull request like this one, and what you merge is what is for sale.
- **Closing it** means no. Nothing more is asked.
- **Changed your mind?** Reopen it, or give the closed pull request another title: then there is a new one.
- Getting paid is not set here: who runs the shop's server connects Stripe there. Bank details never belong in a repository.
${workflowText(addWorkflowUrl)}`
}

function contactLine(about: About): string {
  const contact = contactOf(about)
  return contact === NO_CONTACT
    ? `Write an address in \`contact\` that a person reads. Now it is ${codeSpan(contact)}, which is nobody's: the check refuses it, and the shop does not open with it.`
    : `Is ${codeSpan(contact)} the right address for buyers? It is what your organisation shows on its page.`
}

const workflowText = (url: string | undefined): string =>
  url
    ? `
<details><summary>One more thing you can add: the same check on your side</summary>

The App may not write workflows, and that is on purpose. With [this link](${url}) you add one to this branch yourself: it checks the catalog even when our server does not answer.

</details>
`
    : ''
