/** The store can't take this now: too much to write, or its database does not answer. Nothing is known to be kept; try again soon (503). */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

/** The store will not be opened as it is. The message tells a person what is wrong, where, and what to do. */
export class StoreRefusedError extends Error {
  override name = 'StoreRefusedError'
}

/** There is no room to write: the store is only read, and keeps nothing until it was opened anew. */
export class StoreFullError extends StoreUnavailableError {
  override name = 'StoreFullError'
}
