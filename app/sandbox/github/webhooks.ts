import type { GitHubState, Repository } from './state.ts'

/** Tells the Apps of an event. */
export function emit(
  _state: GitHubState,
  _event: string,
  _repository: Repository | undefined,
  _payload: Record<string, unknown>,
): void {}
