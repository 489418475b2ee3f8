import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGenerator, type Generator } from '../load/start-generator.ts';
import { leaveProxyCore } from '../measure/pinned.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { findProgram } from '../peers/program.ts';

/** The state that all measurements share. */
export interface Bench {
  readonly generator: Generator;
  readonly upstreamPort: number;
  /** A folder for temporary files, removed at the end. */
  readonly folder: string;
  /** The length of one measurement. */
  readonly seconds: number;
  /** Running proxies. They run until the end: some are slow to start, and an idle one uses nothing. */
  readonly running: Map<string, RunningPeer>;
  /** Proxies that could not be started, with the reason. They are not tried again. */
  readonly dead: Map<string, string>;
}

/** Starts load and provider for some measurements, and ends them and all proxies afterwards. */
export async function withBench<T>(seconds: number, measure: (bench: Bench) => Promise<T>): Promise<T> {
  for (const tool of ['wrk', 'taskset'])
    if (findProgram(tool) === undefined) throw new Error(`${tool} is needed: bench/install tools`);
  leaveProxyCore();
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-bench-'));
  const generator = startGenerator();
  const running = new Map<string, RunningPeer>();
  try {
    const { port: upstreamPort } = await generator.next('listening');
    return await measure({ generator, upstreamPort, folder, seconds, running, dead: new Map() });
  } finally {
    await Promise.all([generator, ...running.values()].map(({ stop }) => stop()));
    await rm(folder, { recursive: true });
  }
}
