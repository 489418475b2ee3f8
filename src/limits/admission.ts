/** The right of one request to be served, and what was reserved for it. */
export interface Admission {
  /** Header fields that tell the client what is left of its limits. */
  readonly headers: Readonly<Record<string, string>>;
  /** Replaces the reservation by what the request really used. Called once, when its last byte has gone. */
  readonly settle: (actual: Actual) => void;
}

/** What a request really used. Tokens are undefined where nobody reported or estimated them. */
export interface Actual {
  /** Whether a provider was asked at all. */
  readonly wasServed: boolean;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** An admission that reserved nothing and tells nothing. */
export const FREE_ADMISSION: Admission = { headers: {}, settle: () => undefined };

/** Joins two admissions of one request: the fields of both, and both are settled. */
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
