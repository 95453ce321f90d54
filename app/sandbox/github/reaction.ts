export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const
export type Reaction = { id: number; author: string; content: (typeof REACTIONS)[number]; at: number }
