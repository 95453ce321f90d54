import type { Reaction } from './reaction.ts'

export type Comment = { id: number; author: string; body: string; at: number; updatedAt: number; reactions: Reaction[] }
/** What issues and pull requests have in common: a pull request is an issue, too. */
export type Issue = {
  id: number
  number: number
  author: string
  title: string
  body: string | null
  state: 'open' | 'closed'
  stateReason: 'completed' | 'reopened' | 'not_planned' | null
  at: number
  updatedAt: number
  closedAt: number | null
  closedBy: string | null
  labels: string[]
  assignees: string[]
  comments: Map<number, Comment>
  reactions: Reaction[]
}
