/** Exit codes: done; failed, with the reason printed; wrong usage; interrupted. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
