/** Seconds as whole milliseconds. */
export function millisecondsOf(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** Seconds of a limit as milliseconds, where 0 means that there is none: Infinity. */
export function limitOf(seconds: number): number {
  return seconds === 0 ? Infinity : Math.max(1, millisecondsOf(seconds));
}

/** MiB as bytes. */
export function bytesOf(mebibytes: number): number {
  return Math.round(mebibytes * 1024 * 1024);
}
