/** The output of a command line, so that a test can hold it. */
export type Terminal = { out: (text: string) => void; error: (text: string) => void }
