/** The part of a stream reader that is used. */
interface Reader {
  readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  readonly cancel: () => Promise<void>;
}

type Take = (chunk: Uint8Array) => Promise<unknown> | 'stop' | undefined;

/** A reader with a push mode: each chunk is passed on, and the next one is read when that one has been accepted. */
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
