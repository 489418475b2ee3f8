/** The time in microseconds, on a clock that the processes of one machine share. */
export function wallMicros(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}
