/** Imported `with { type: 'file' }`: the path of the file, also within the compiled program. */
declare module '*.jsonl' {
  const path: string;
  // oxlint-disable-next-line import/no-default-export
  export default path;
}
