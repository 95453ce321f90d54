import type { CheckStatus, Conclusion, NewAction, NewAnnotation } from './check-request.ts'

/** A check of one commit. `repository`, `app` and `suite` are ids; moments are milliseconds. */
export type CheckRun = {
  id: number
  repository: number
  app: number
  suite: number
  name: string
  sha: string
  externalId: string
  detailsUrl: string
  status: CheckStatus
  conclusion: Conclusion | null
  startedAt: number
  completedAt: number | null
  output: { title: string | null; summary: string | null; text: string | null }
  annotations: NewAnnotation[]
  actions: NewAction[]
}

/** All checks that one App made of one commit. `isQueued` from when somebody asked for all of it again. */
export type CheckSuite = {
  id: number
  repository: number
  app: number
  sha: string
  at: number
  updatedAt: number
  isQueued: boolean
}

/** The checks' part of the state. Plain data; newest last. */
export type CheckSlice = { runs: CheckRun[]; suites: CheckSuite[] }
