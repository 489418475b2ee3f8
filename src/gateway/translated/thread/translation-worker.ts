import { ownMemory } from '../../../lib/byte-buffer.ts';
import { perform } from './perform.ts';
import type { ResultMessage, WorkMessage } from './work.ts';

declare const self: Worker;

self.addEventListener('message', ({ data }: MessageEvent<WorkMessage>) => {
  perform(data).then(
    (result) => {
      const bytes = 'repaired' in result ? result.repaired?.body : 'body' in result ? result.body : undefined;
      const own = bytes && ownMemory(bytes);
      self.postMessage({ result } satisfies ResultMessage, own === undefined ? [] : [own.buffer]);
    },
    (error: unknown) => {
      const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
      self.postMessage({ bug } satisfies ResultMessage);
    },
  );
});
