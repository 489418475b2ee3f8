/** The figures of one proxy in one run. A kind of work leaves out those that it does not measure. */
export interface Figures {
  /** CPU of the proxy for each request or event, in microseconds. */
  readonly cpuMicros?: number;
  /** Requests or events in a second. */
  readonly perSecond?: number;
  /** Latency of a request or an event, in microseconds. */
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  /** From a stream's request to its first event, in microseconds. */
  readonly firstEventP50?: number;
  readonly firstEventP99?: number;
  /** Memory of the proxy, in megabytes: under this work, and before it. */
  readonly rssMb?: number;
  readonly restMb?: number;
  /** From the start to the first answer, in milliseconds. */
  readonly startMs?: number;
  /** From the start of the program to its version, in milliseconds. */
  readonly versionMs?: number;
  /** How many cores the proxy, and load and provider together, kept busy. */
  readonly proxyBusy?: number;
  readonly loadBusy?: number;
  /** How long the proxy's threads were ready but waited for their core, as a share of the time. Others used the core then. */
  readonly proxyWaited?: number;
  /** Answers that were not 200 or were incomplete. Any is an error. */
  readonly faults: number;
}

export type FigureName = keyof Figures;
