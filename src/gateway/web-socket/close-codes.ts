/** Close codes (RFC 6455 §7.4.1 and IANA's registry). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  unsupported: 1003,
  noStatus: 1005,
  abnormal: 1006,
  policy: 1008,
  tooBig: 1009,
  failed: 1011,
  restart: 1012,
  tryLater: 1013,
} as const;
