/** The name of a journal file, which is never reused: `NODE-WORKER-LIFE.NUMBER.log`. */
export interface JournalFileName {
  readonly name: string;
  /** The folder's id. */
  readonly node: string;
  /** From 1 on; 0: the process that flushes, which writes the ends of lost requests. */
  readonly worker: number;
  /** Counts the starts of processes in this folder. */
  readonly life: number;
  /** Counts the files of one life. */
  readonly number: number;
}

export function fileName({ node, worker, life, number }: Omit<JournalFileName, 'name'>): string {
  return `${node}-${worker}-${life}.${number}.log`;
}

/** undefined: not a journal file. */
export function parseFileName(name: string): JournalFileName | undefined {
  const [, node = '', ...rest] = /^([0-9a-f]+)-(\d+)-(\d+)\.(\d+)\.log$/.exec(name) ?? [];
  const [worker = -1, life = 0, number = 0] = rest.map(Number);
  return worker < 0 ? undefined : { name, node, worker, life, number };
}

/** Compares files by the order of their creation, as far as it is known. */
export function byAge(a: JournalFileName, b: JournalFileName): number {
  return a.life - b.life || a.number - b.number || a.worker - b.worker;
}
