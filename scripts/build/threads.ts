/** The threads that count tokens, translate large bodies and create indexes. They are programs of their own, below `src`. */
export const THREADS = [
  'usage/token-worker.ts',
  'gateway/translated/thread/translation-worker.ts',
  'store/sqlite-worker.ts',
];
