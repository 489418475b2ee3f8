/** Exit codes: done, failed (the reason was printed), called the wrong way, ended before it was done. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
