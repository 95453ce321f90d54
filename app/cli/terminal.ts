/** The output of a command line, so that a test can hold it; `isScreen` says that lines can be written over. */
export type Terminal = { out: (text: string) => void; error: (text: string) => void; isScreen?: boolean }
