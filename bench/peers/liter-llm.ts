import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_KEY, BENCH_MODEL } from '../load/request.ts';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer, Place } from './peer.ts';
import { CACHE, firstLine } from './program.ts';

const PROGRAM = join(CACHE, 'liter-llm', 'bin', 'liter-llm');

/** A gateway in Rust from crates.io, compiled on this machine, with one thread and its key. */
export const literLlm: Peer = {
  name: 'liter-llm',
  missing: () => (existsSync(PROGRAM) ? undefined : 'not installed: bench/install liter-llm'),
  version: () => firstLine([PROGRAM, '--version']),
  async launch(place) {
    const file = join(place.folder, 'liter-llm-proxy.toml');
    await Bun.write(file, config(place));
    const address = ['--host', '127.0.0.1', '--port', String(place.port)];
    const command = [PROGRAM, 'api', '--tokio-worker-threads', '1', '--config', file, ...address];
    return { child: startPinned(PROXY_CORE, command, { log: join(place.folder, 'terminal.log') }) };
  },
};

const config = ({ upstreamPort }: Place): string => `
[general]
master_key = "${BENCH_KEY}"
[[models]]
name = "${BENCH_MODEL}"
provider_model = "openai/bench-upstream"
base_url = "http://127.0.0.1:${upstreamPort}/v1"
api_key = "sk-mock"
[security]
outbound_policy = "off"
`;
