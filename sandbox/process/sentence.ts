/** Ends the command with a sentence instead of a stack. */
export class Sentence extends Error {}
