/** Takes a refusal with one of these statuses for "there is none". Every other error is thrown on. */
export const absentAt =
  (...statuses: number[]) =>
  (error: { status?: number }): undefined => {
    if (!statuses.includes(error.status ?? 0)) throw error
  }
