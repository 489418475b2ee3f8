import { perform } from './perform.ts';
import type { ResultMessage, WorkMessage } from './work.ts';

declare const self: Worker;

self.addEventListener('message', ({ data }: MessageEvent<WorkMessage>) => {
  perform(data).then(
    (result) => {
      const bytes = 'repaired' in result ? result.repaired?.body : 'body' in result ? result.body : undefined;
      // A view of a shared block cannot be transferred.
      const isWhole = bytes !== undefined && bytes.byteLength === bytes.buffer.byteLength;
      self.postMessage({ result } satisfies ResultMessage, isWhole ? [bytes.buffer as ArrayBuffer] : []);
    },
    (error: unknown) => {
      const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
      self.postMessage({ bug } satisfies ResultMessage);
    },
  );
});
