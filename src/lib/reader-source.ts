/** What is asked of the reader of a stream. */
interface Reader {
  readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  readonly cancel: () => Promise<void>;
}

type Take = (chunk: Uint8Array) => Promise<unknown> | 'stop' | undefined;

/** A reader that can also be poured out: each piece is handed on, and the next one waits for what becomes of it. */
export function readerSource(reader: Reader) {
  return {
    read: () => reader.read(),
    cancel: () => reader.cancel(),
    async pipe(take: Take): Promise<'end' | 'broken' | 'stop'> {
      for (;;) {
        const chunk = await reader.read().then(
          ({ value }) => value,
          () => 'broken' as const,
        );
        if (chunk === undefined) return 'end';
        if (chunk === 'broken') return 'broken';
        const taken = take(chunk);
        if (taken === 'stop') return 'stop';
        if (taken !== undefined) await taken;
      }
    },
  };
}
