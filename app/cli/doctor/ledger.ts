import { findLedger, LedgerRefusedError } from '../../ledger/repository.ts'
import { type Check, checkOf, fault, unseen, well } from './check.ts'
import { appAnswers, NO_APP } from './github.ts'

/** The ledger: off, or in a repository that it may be written to. Nothing is written. */
export const LEDGER_CHECKS: readonly Check[] = [
  checkOf('Ledger', ['GITHUB_APP_ID', 'GITHUB_PRIVATE_KEY', 'GITHUB_API_URL'], async (settings, tools) => {
    const repository = settings.LEDGER_REPOSITORY
    if (!repository) return [unseen('off: LEDGER_REPOSITORY is not set')]
    if (!(await appAnswers(tools))) return NO_APP
    try {
      const ledger = await findLedger((await tools.github()).githubApp, repository)
      return [
        well(ledger ? `${repository}: ${ledger.head.data.facts} facts` : `${repository} is empty, and will be begun`),
      ]
    } catch (error) {
      if (!(error instanceof LedgerRefusedError)) throw error
      return [fault(error.message, error.mend)]
    }
  }),
]
