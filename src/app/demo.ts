import { isLoopback } from '../config/compile/address.ts';
import { compileText } from '../config/read/load.ts';
import type { Overrides } from '../config/read/overrides.ts';
import { formatProblem } from '../config/read/problems.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { EXIT } from '../exit-code.ts';
import { listen } from './listen.ts';
import { drainOnSignals } from './signals.ts';

const DEMO_KEY = 'sk-demo-key';

/**
 * Runs a gateway over two simulated providers, one of which fails now and then. Nothing leaves the machine.
 * `programName` is the command that runs this program.
 */
export async function runDemo(overrides: Overrides, programName: string): Promise<number> {
  const simulator = await startSimulator({ tokensPerSecond: 40 });
  const context = { file: 'demo', overrides, version: 1, now: new Date(), staysLocked: false };
  const result = compileText(demoConfig(simulator.url), { ...context, env: process.env });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const { snapshot, text } = result;
  const { host } = snapshot.server;
  if (!isLoopback(host)) {
    console.error(
      `llm-proxy: there is no configuration, and the demo is not served on ${host}, because its key is public. ` +
        'Name a configuration with --config or CONFIG_PATH, or a database with DB_URL.',
    );
    await simulator.stop();
    return EXIT.failed;
  }
  const serving = await listen({ snapshot, source: { kind: 'text', text, files: [], ...context } });
  if (serving === undefined) return EXIT.failed;
  for (const text of snapshot.warnings) console.error(`llm-proxy: ${text}`);
  // A user who sees that the demo is running may stop it at once, so listen for signals first.
  const drained = drainOnSignals(serving);
  console.log(welcome(serving.url, simulator.url, programName));
  await drained;
  await simulator.stop();
  await serving.log.flush();
  return EXIT.ok;
}

function demoConfig(simulatorUrl: string): string {
  return `
server: { host: 127.0.0.1, port: 18000 }
master_keys:
  - { name: demo, key: ${DEMO_KEY} }
providers:
  - { name: simulator-a, api_base: "${simulatorUrl}/v1", api_key: sk-simulated-a }
  - { name: simulator-b, api_base: "${simulatorUrl}/v1", api_key: sk-simulated-b }
models:
  demo:
    routes:
      - { provider: simulator-a, model: mock/ok }
      - { provider: simulator-b, model: mock/ok }
  demo-unreliable:
    routes:
      - { provider: simulator-a, model: mock/500, priority: 1 }
      - { provider: simulator-b, model: mock/ok, priority: 2 }
  demo-embedding:
    routes:
      - { provider: simulator-a, model: mock/ok }
load_balancing: { strategy: round_robin }
# Nothing cools down: the first provider of demo-unreliable fails each time, for whoever looks.
fallback: { cooldown_seconds: 0 }
`;
}

function welcome(url: string, simulatorUrl: string, programName: string): string {
  const curl = (model: string, more = ''): string =>
    `curl -sN ${url}/v1/chat/completions \\
  -H "Authorization: Bearer ${DEMO_KEY}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]${more}}'`;
  return `
There is no config.yaml, so this is the demo: two simulated providers, nothing leaves this machine.

  gateway    ${url}/v1
  API key    ${DEMO_KEY}
  providers  ${simulatorUrl} (simulated)
  docs       ${url}/docs, in a browser

Ask something:

${curl('demo')}

The same, streamed:

${curl('demo', ', "stream": true')}

A model whose first provider always fails, and is routed around:

${curl('demo-unreliable').replace('curl -sN', 'curl -si')}

The models: curl -s ${url}/v1/models -H "Authorization: Bearer ${DEMO_KEY}"

To go on with a real provider: ${programName} init, and start again.
Ctrl-C stops the demo.
`;
}
