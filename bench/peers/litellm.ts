import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_KEY, BENCH_MODEL } from '../load/request.ts';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer, Place } from './peer.ts';
import { CACHE, firstLine } from './program.ts';

const BIN = join(CACHE, 'litellm', 'bin');

/** LiteLLM's proxy from PyPI, with one worker and its key. */
export const litellm: Peer = {
  name: 'litellm',
  missing: () => (existsSync(join(BIN, 'litellm')) ? undefined : 'not installed: bench/install litellm'),
  version: () =>
    firstLine([join(BIN, 'python'), '-c', 'import importlib.metadata as m; print(m.version("litellm"))']),
  async launch(place) {
    const file = join(place.folder, 'config.yaml');
    await Bun.write(file, config(place));
    const address = ['--host', '127.0.0.1', '--port', String(place.port)];
    const command = [join(BIN, 'litellm'), '--config', file, ...address, '--num_workers', '1'];
    const child = startPinned(PROXY_CORE, command, {
      cwd: place.folder,
      log: join(place.folder, 'terminal.log'),
      // It uses the price table that it shipped with, not one from the network.
      env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR', LITELLM_MODE: 'PRODUCTION' },
    });
    return { child };
  },
};

const config = ({ upstreamPort }: Place): string => `
model_list:
  - model_name: ${BENCH_MODEL}
    litellm_params:
      model: openai/bench-upstream
      api_base: http://127.0.0.1:${upstreamPort}/v1
      api_key: sk-mock
general_settings: {master_key: ${BENCH_KEY}}
litellm_settings: {telemetry: false, num_retries: 0, use_chat_completions_url_for_anthropic_messages: true}
`;
