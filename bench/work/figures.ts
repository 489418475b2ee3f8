/** What one run of one proxy came to. Times are in microseconds; what a kind of work does not have is left out. */
export interface Figures {
  /** CPU of the proxy for each request or event. */
  readonly cpuMicros: number;
  /** Requests or events in a second. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly firstEventP50?: number;
  readonly firstEventP99?: number;
  /** Memory of the proxy at the end of the run. */
  readonly rssMb: number;
  /** How busy the proxy kept its core, and how busy load and provider kept theirs: 1 is all the time. */
  readonly proxyBusy: number;
  readonly loadBusy: number;
  /** Answers that were not 200 or not complete. Any is an error. */
  readonly faults: number;
}
