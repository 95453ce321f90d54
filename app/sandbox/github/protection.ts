/** What a branch asks for before something may be merged into it. */
export type Protection = { contexts: string[]; strict: boolean; reviews: number; admins: boolean }
