/**
 * Loads a part of the program when it is first needed. Once it is loaded, it is returned without a promise: even then an
 * `import()` takes some microseconds.
 */
export function lazily<T>(load: () => Promise<T>): () => T | Promise<T> {
  let loaded: T | undefined;
  return () => loaded ?? load().then((part) => (loaded = part));
}
