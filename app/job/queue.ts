import type { Work } from './job.ts'

/** Work by who waits for it and whom it waits for, so that one that is slow holds up no other. */
export const QUEUES = {
  stripe: ['catch-up', 'close-checkout', 'refund', 'sweep', 'take-in'],
  github: ['fulfill'],
  mail: ['mail'],
  checks: ['check-pull', 'check-commit'],
  shop: [
    'find-shop',
    'refresh-shop',
    'welcome',
    'follow-releases',
    'watch-assets',
    'sweep-github',
    'write-ledger',
    'forget-unpaid',
  ],
} as const satisfies Record<string, readonly Work['kind'][]>
export type Queue = keyof typeof QUEUES

const queues = new Map(Object.entries(QUEUES).flatMap(([queue, kinds]) => kinds.map((kind) => [kind, queue as Queue])))

/** The queue that work of this kind waits in. */
export const queueOf = (kind: Work['kind']): Queue => queues.get(kind) as Queue
