import { join } from 'node:path';
import { LOAD_CORE } from '../measure/pinned.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { CHAT_PATH, requestHeaders } from './request.ts';

/** The report of wrk after it has sent one request over and over. Times are in microseconds. */
export interface Saturation {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Answers with a status other than 2xx or 3xx, and connections that failed, broke or timed out. */
  readonly faults: number;
  /** The CPU that wrk itself used. */
  readonly cpuSeconds: number;
}

export interface SaturationLoad {
  readonly peer: RunningPeer;
  readonly bodyFile: string;
  readonly connections: number;
  readonly seconds: number;
}

/** Sends requests as fast as the answers come, over a number of connections. */
export async function saturate({
  peer,
  bodyFile,
  connections,
  seconds,
}: SaturationLoad): Promise<Saturation> {
  const url = `http://127.0.0.1:${peer.port}${CHAT_PATH}`;
  const headers = Object.entries(requestHeaders(peer.headers)).map(([name, value]) => `${name}: ${value}`);
  const script = join(import.meta.dir, 'wrk.lua');
  const options = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '10', '-s', script];
  const command = ['wrk', ...options, ...headers.flatMap((header) => ['-H', header]), url];
  const child = Bun.spawn(['taskset', '-c', LOAD_CORE, ...command], {
    env: { PATH: process.env['PATH'] ?? '', BENCH_BODY: bodyFile },
    stderr: 'inherit',
  });
  const output = await new Response(child.stdout).text();
  const result = /^RESULT (.*)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`wrk said: ${output}`);
  await child.exited;
  return { ...JSON.parse(result), cpuSeconds: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6 };
}
