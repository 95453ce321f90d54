export type Comment = { id: number; author: string; body: string; at: number; updatedAt: number; reactions: Reaction[] }

/** What issues and pull requests have in common: a pull request is an issue, too. */
export type Issue = {
  id: number
  number: number
  author: string
  title: string
  body: string | null
  state: 'open' | 'closed'
  stateReason: 'completed' | 'reopened' | 'not_planned' | 'duplicate' | null
  at: number
  updatedAt: number
  closedAt: number | null
  closedBy: string | null
  labels: string[]
  assignees: string[]
  comments: Map<number, Comment>
  reactions: Reaction[]
  /** What was done with it, oldest first; none before the first time. */
  events?: IssueEvent[]
}

/** Something that was done with an issue or a pull request. */
export type IssueEvent = { id: number; event: 'closed' | 'reopened' | 'renamed'; actor: string; at: number }

export type Reaction = { id: number; author: string; content: (typeof REACTIONS)[number]; at: number }

export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const
