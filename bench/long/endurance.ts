/**
 * Promises that take minutes to keep, in real time. The same ones are in `test/acceptance` with seconds instead.
 *
 *     bun bench/long/endurance.ts [--seconds 310]
 *
 * All at once, so that it takes little more than `--seconds`: with each API, streams that fall silent for so long within
 * their limit, and answers whose head takes so long; a provider that closes idle connections after five seconds, asked
 * just about then; a provider that is down for 60 seconds, asked all the time. Exits with 1 where one is broken.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { type Api, APIS, CHAT } from '../../test/acceptance/apis.ts';
import { ask } from '../../test/acceptance/exchange.ts';
import { startProcess } from '../../test/e2e/process.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
const quietSeconds = Number(values.seconds ?? 310);

const DOWN_SECONDS = 60;
const COOLDOWN_SECONDS = 5;
const IDLE_CLOSE_SECONDS = 5;

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-endurance-'));
const simulator = await startSimulator();
// A separate address, because connections to one address share a pool, including the closed ones.
const flapping = await startSimulator();
await Bun.write(
  join(folder, 'config.yaml'),
  `
server: { host: 127.0.0.1, port: 0 }
providers:
  - { name: quiet, api_base: "${simulator.url}/quiet", timeouts: { idle_timeout: ${quietSeconds + 10}, first_byte_timeout: ${quietSeconds + 10} } }
  - { name: stale, api_base: "${simulator.url}/stale" }
  - { name: primary, api_base: "${flapping.url}/primary" }
  - { name: spare, api_base: "${flapping.url}/spare" }
models:
  quiet: { routes: [{ provider: quiet, model: "mock/quiet?seconds=${quietSeconds}" }] }
  silent: { routes: [{ provider: quiet, model: "mock/silence?ms=${quietSeconds * 1000}" }] }
  stale: { routes: [{ provider: stale, model: "mock/idle-close?seconds=${IDLE_CLOSE_SECONDS}" }] }
  flapping:
    routes:
      - { provider: primary, model: "mock/503?for=${DOWN_SECONDS}" }
      - { provider: spare, model: mock/ok, priority: 2 }
fallback: { cooldown_seconds: ${COOLDOWN_SECONDS}, retries: 0 }
logging: { level: error }
`,
);
const program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'info' } });
const [, url = ''] = await program.printed(/listening on (http\S+)/);
const broken: string[] = [];
const untilMs = performance.now() + quietSeconds * 1000;

console.log(`Bun ${Bun.version}; ${quietSeconds} seconds`);
await Promise.all([
  ...APIS.flatMap((api) => [
    waitFor(api, 'quiet', true),
    waitFor(api, 'silent', true),
    waitFor(api, 'silent', false),
  ]),
  useStaleConnections(),
  flap(),
]);
program.kill('SIGTERM');
check('the program ends with 0', (await program.exited) === 0);
await Promise.all([simulator.stop(), flapping.stop()]);
await rm(folder, { recursive: true });
console.log(broken.length === 0 ? 'all of it held' : `BROKEN: ${broken.join('; ')}`);
process.exit(broken.length === 0 ? 0 : 1);

function check(promise: string, holds: boolean): void {
  console.log(`${holds ? 'held  ' : 'BROKEN'}  ${promise}`);
  if (!holds) broken.push(promise);
}

/** One answer with one silence of the full length. */
async function waitFor(api: Api, model: string, stream: boolean): Promise<void> {
  const startedAtMs = performance.now();
  const exchange = ask(url, api, api.body(model, { stream }));
  const ending = await exchange.ended;
  const seconds = (performance.now() - startedAtMs) / 1000;
  const isWhole =
    ending === 'whole' && exchange.status() === 200 && (!stream || api.saysWhole.test(exchange.text()));
  check(
    `${api.name}, ${model}, ${stream ? 'streamed' : 'plain'}: whole after ${seconds.toFixed(1)} s`,
    isWhole && seconds >= quietSeconds,
  );
}

/** Sends requests on one connection around the time when the provider closes it, alternately a little early and a little late. */
async function useStaleConnections(): Promise<void> {
  let asked = 0;
  let whole = 0;
  while (performance.now() < untilMs) {
    const exchanges = APIS.map((api) => ask(url, api, api.body('stale', { stream: asked % 2 === 0 })));
    for (const exchange of exchanges) {
      asked += 1;
      if ((await exchange.ended) === 'whole' && exchange.status() === 200) whole += 1;
    }
    await Bun.sleep(IDLE_CLOSE_SECONDS * 1000 - 60 + (asked % 13) * 10);
  }
  const attempts = simulator.attempts.filter(({ path }) => path.startsWith('/stale')).length;
  check(
    `idle connections that are closed after 5 s: ${whole} of ${asked} answered, by ${attempts} attempts`,
    whole === asked,
  );
}

/** Sends requests all the time while the first route is down, until it has been back for a while. */
async function flap(): Promise<void> {
  let asked = 0;
  let served = 0;
  let backAtMs = Infinity;
  while (performance.now() < Math.min(backAtMs, untilMs) + 1_000) {
    const exchange = ask(url, CHAT, CHAT.body('flapping', { stream: asked % 2 === 0 }));
    asked += 1;
    if ((await exchange.ended) === 'whole' && exchange.status() === 200) served += 1;
    if (exchange.header('x-llm-proxy-provider') === 'primary')
      backAtMs = Math.min(backAtMs, performance.now());
    await Bun.sleep(20);
  }
  const asks = flapping.attempts.filter(({ path }) => path.startsWith('/primary'));
  const failures = asks.filter(({ status }) => status === 503);
  // The provider goes down at its first request.
  const downUntil = (failures[0]?.at ?? Number.NaN) + DOWN_SECONDS * 1000;
  const late = ((asks.find(({ status }) => status === 200)?.at ?? Infinity) - downUntil) / 1000;
  check(
    `a provider that is down for ${DOWN_SECONDS} s: ${served} of ${asked} requests served`,
    served === asked,
  );
  check(
    `it was asked ${failures.length} times meanwhile, and again ${late.toFixed(1)} s after it was up`,
    late <= COOLDOWN_SECONDS + 1 && failures.length <= DOWN_SECONDS / COOLDOWN_SECONDS + 2,
  );
}
