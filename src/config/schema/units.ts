/** Seconds as whole milliseconds. */
export function millisecondsOf(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** A limit in seconds as milliseconds. 0 means no limit: Infinity. */
export function limitOf(seconds: number): number {
  return seconds === 0 ? Infinity : Math.max(1, millisecondsOf(seconds));
}

/** MiB as bytes. */
export function bytesOf(mebibytes: number): number {
  return Math.round(mebibytes * 1024 * 1024);
}
