import { isLoopback } from '../config/compile/address.ts';
import { loadText } from '../config/read/load.ts';
import type { Overrides } from '../config/read/overrides.ts';
import { formatProblem } from '../config/read/problems.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { EXIT } from '../exit-code.ts';
import { listen } from './listen.ts';
import { DemoAdmin } from './demo-admin.ts';
import { DemoClient } from './demo-traffic.ts';
import type { Serving } from './serving.ts';
import { drainOnSignals, stopSignal } from './signals.ts';

const DEMO_KEY = 'sk-demo-key';

/**
 * Runs a gateway over two simulated providers, one of which fails now and then. Nothing leaves the machine.
 * `programName` is the command that runs this program.
 */
export async function runDemo(overrides: Overrides, programName: string): Promise<number> {
  const simulators = new Map([
    ['simulator-a', await startSimulator({ tokensPerSecond: 40 })],
    ['simulator-b', await startSimulator({ tokensPerSecond: 40, seed: 2 })],
  ]);
  const stop = () => Promise.all([...simulators.values()].map((simulator) => simulator.stop()));
  const context = { file: 'demo', overrides, version: 1, now: new Date(), staysLocked: false };
  const result = await loadText(demoConfig([...simulators].map(([name, { url }]) => [name, url] as const)), {
    ...context,
    env: process.env,
  });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const { snapshot, text, file } = result;
  const { host } = snapshot.server;
  if (!isLoopback(host)) {
    console.error(
      `llm-proxy: there is no configuration, and the demo is not served on ${host}, because its key is public. ` +
        'Name a configuration with --config or CONFIG_PATH, or a database with DB_URL.',
    );
    await stop();
    return EXIT.failed;
  }
  let serving: Serving | undefined;
  let client: DemoClient | undefined;
  const admin = new DemoAdmin({ file, overrides, simulators, serving: () => serving, client: () => client });
  const signal = stopSignal();
  serving = await listen(
    { snapshot, source: { kind: 'text', text, files: [], ...context } },
    { admin: admin.side },
  );
  if (serving === undefined) return EXIT.failed;
  client = new DemoClient(serving.url, DEMO_KEY);
  for (const text of snapshot.warnings) console.error(`llm-proxy: ${text}`);
  const drained = drainOnSignals(signal, serving);
  console.log(welcome(serving.url, [...simulators.values()].map(({ url }) => url).join(', '), programName));
  await drained;
  client.stop();
  await admin.close();
  await stop();
  await serving.log.flush();
  return EXIT.ok;
}

function demoConfig(simulators: readonly (readonly [name: string, url: string])[]): string {
  const providers = simulators.map(
    ([name, url]) =>
      `  - { name: ${name}, api_base: "${url}/v1", api_key: sk-${name.replace('simulator', 'simulated')} }`,
  );
  return `
server: { host: 127.0.0.1, port: 18000 }
master_keys:
  - { name: demo, key: ${DEMO_KEY} }
providers:
${providers.join('\n')}
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
# Invented, so that the console has something to add up.
prices: { models: { "simulator-*/*": { input: 2.5, output: 10 } } }
# Nothing cools down: the first provider of demo-unreliable fails each time, for whoever looks.
fallback: { cooldown_seconds: 0 }
`;
}

function welcome(url: string, simulatorUrls: string, programName: string): string {
  const curl = (model: string, more = ''): string =>
    `curl -sN ${url}/v1/chat/completions \\
  -H "Authorization: Bearer ${DEMO_KEY}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]${more}}'`;
  return `
There is no config.yaml, so this is the demo: two simulated providers, nothing leaves this machine.

  console    ${url}/console, in a browser: see what happens, break a provider, ask something
  gateway    ${url}/v1
  API key    ${DEMO_KEY}
  providers  ${simulatorUrls} (simulated)
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
