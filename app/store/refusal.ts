/** The store has more to write than it will queue. Nothing was changed; the sender should try again soon (503). */
export class StoreBusyError extends Error {
  override name = 'StoreBusyError'
}

/** The store will not be opened as it is. The message tells a person what is wrong, where, and what to do. */
export class StoreRefusedError extends Error {
  override name = 'StoreRefusedError'
}
