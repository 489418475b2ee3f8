/** A line on the terminal that shows the progress of long work and disappears afterwards. */
export interface Progress {
  readonly show: (text: string) => void;
  readonly end: () => void;
}

/** Without a terminal, nothing is written. */
export function openProgress(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'> = process.stderr,
  env: Readonly<Record<string, string | undefined>> = process.env,
  nowMs: () => number = performance.now.bind(performance),
): Progress {
  if (!stream.isTTY || env['TERM'] === 'dumb') return { show: () => undefined, end: () => undefined };
  let shownAtMs = -Infinity;
  return {
    show: (text) => {
      if (nowMs() - shownAtMs < PAUSE_MS) return;
      shownAtMs = nowMs();
      stream.write(`${ERASE_LINE}${text.slice(0, (stream.columns || 80) - 1)}`);
    },
    end: () => {
      if (shownAtMs > -Infinity) stream.write(ERASE_LINE);
    },
  };
}

/** Nobody can read faster updates, and a slow terminal must not slow the work. */
const PAUSE_MS = 100;
const ERASE_LINE = '\r\u001b[K';
