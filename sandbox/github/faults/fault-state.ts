/** How likely something is, from 0 (never) to 1 (always). */
export type Probability = number

/** What goes wrong on purpose: with requests, and with webhook deliveries. */
export type Faults = {
  /** 502 to everything. */
  down: Probability
  /** 502 where the path ends so. */
  break: string[]
  /** Connections close without an answer. */
  refuse: boolean
  /** Answers and deliveries come later by this. */
  delayMs: number
  /** The secondary rate limit, and the seconds that a client is told to wait. */
  limit: { probability: Probability; retryAfter: number }
  /** A file's bytes are the answer, instead of a redirect to them. */
  stream: boolean
  /** Deliveries that fail and show in the history: how likely, or of which events (`push`, `pull_request.opened`). */
  drop: Probability | string[]
  /** Deliveries that come twice. */
  duplicate: Probability | string[]
  /** Deliveries that nobody ever hears of. */
  lose: Probability | string[]
  /** Deliveries overtake each other: each waits up to a quarter of a second. */
  reorder: boolean
  /** GitHub's secondary limits for writes, held as strictly as there. */
  limits: boolean
  /** Requests an hour, where it is not the 5,000 that an installation or a user has. */
  requestsAnHour: number
}

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#primary-rate-limit-for-github-app-installations */
export const REQUESTS_AN_HOUR = 5000

/** Nothing goes wrong. */
export const NO_FAULTS: Faults = {
  down: 0,
  break: [],
  refuse: false,
  delayMs: 0,
  limit: { probability: 0, retryAfter: 60 },
  stream: false,
  drop: 0,
  duplicate: 0,
  lose: 0,
  reorder: false,
  limits: false,
  requestsAnHour: REQUESTS_AN_HOUR,
}
