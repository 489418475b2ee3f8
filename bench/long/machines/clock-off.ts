/** Loaded before the gateway: its clock shows another time by `BENCH_CLOCK_OFF_MS`. Its monotonic clock is as it was. */
const offMs = Number(process.env['BENCH_CLOCK_OFF_MS'] ?? 0);
const RealDate = Date;

class OtherDate extends RealDate {
  constructor(...args: unknown[]) {
    // The arguments are those of any `Date`.
    super(...((args.length === 0 ? [RealDate.now() + offMs] : args) as [number]));
  }

  static override now(): number {
    return RealDate.now() + offMs;
  }
}

globalThis.Date = OtherDate as DateConstructor;
