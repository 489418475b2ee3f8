/** The right of one request to be served, with its reservations. */
export interface Admission {
  /** Header fields that tell the client how much of its limits is left. */
  readonly headers: Readonly<Record<string, string>>;
  /** Replaces the reservation by the actual use. Called once, when the last byte has gone. */
  readonly settle: (actual: Actual) => void;
}

/** The actual use of a request. Tokens are undefined if nobody reported or estimated them. */
export interface Actual {
  /** Whether a provider was asked at all. */
  readonly wasServed: boolean;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** An admission without reservations and headers. */
export const FREE_ADMISSION: Admission = { headers: {}, settle: () => undefined };

/** Joins two admissions of one request: combines their headers and settles both. */
export function joinAdmissions(first: Admission, second: Admission): Admission {
  if (first === FREE_ADMISSION) return second;
  if (second === FREE_ADMISSION) return first;
  return {
    headers: { ...first.headers, ...second.headers },
    settle(actual) {
      first.settle(actual);
      second.settle(actual);
    },
  };
}
