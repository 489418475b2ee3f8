/**
 * Measures the gateway against other proxies that do the same work.
 *
 *     bun bench/run.ts [--work small,100k,streams-600] [--peers nginx,llm-proxy] [--rounds 3] [--seconds 3]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chatBody } from './load/request.ts';
import { startGenerator } from './load/start-generator.ts';
import { alternate } from './measure/alternate.ts';
import { PROXY_CORE } from './measure/pinned.ts';
import { spreadOf } from './measure/statistics.ts';
import { llmProxy, llmProxyPlain } from './peers/llm-proxy.ts';
import { nginx } from './peers/nginx.ts';
import type { Peer, RunningPeer } from './peers/peer.ts';
import { measureChat } from './work/chat.ts';
import type { Figures } from './work/figures.ts';
import { measureStreams } from './work/streams.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { work: text, peers: text, rounds: text, seconds: text } });
const rounds = Number(values.rounds ?? 2);
const seconds = Number(values.seconds ?? 3);
const chosenWork = values.work?.split(',') ?? ['small', '100k', 'streams-600'];
const chosenPeers = values.peers?.split(',') ?? ['nginx', 'llm-proxy'];
const PEERS: readonly Peer[] = [nginx, llmProxy, llmProxyPlain];

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-bench-'));
const generator = startGenerator();
const { port: upstreamPort } = await generator.next('listening');

async function measureOne(work: string, running: RunningPeer): Promise<Figures> {
  const [kind = '', count = ''] = work.split('-');
  if (kind === 'streams') {
    const isFull = count === 'full';
    const streams = { streams: isFull ? 32 : Number(count), pace: isFull ? 0 : 50, seconds };
    return measureStreams(generator, running, streams);
  }
  const bytes = { small: 60, '100k': 100_000, '1m': 1_000_000 }[kind] ?? 60;
  const bodyFile = join(folder, `${kind}.json`);
  await Bun.write(bodyFile, chatBody(bytes));
  return measureChat(generator, running, { bodyFile, connections: 64, seconds });
}

const peers = PEERS.filter(({ name }) => chosenPeers.includes(name));
const running: RunningPeer[] = [];
for (const peer of peers) {
  const place = join(folder, peer.name.replaceAll(/\W+/g, '-'));
  await mkdir(place);
  running.push(await peer.start({ upstreamPort, folder: place }));
}
console.log(
  `proxy on core ${PROXY_CORE}; ${rounds} rounds of ${seconds} s, each peer twice a round (A B B A)`,
);
for (const work of chosenWork) {
  const figures = peers.map((): Figures[] => []);
  for (const each of [...running, ...running]) await measureOne(work, each);
  for (let round = 0; round < rounds; round++)
    for (const index of alternate([...peers.keys()]))
      figures[index]!.push(await measureOne(work, running[index]!));
  print(work, figures);
}
await Promise.all(running.map(({ stop }) => stop()));
await generator.stop();
await rm(folder, { recursive: true });

function print(work: string, figures: readonly Figures[][]): void {
  console.log(`\n${work}`);
  const rows = peers.map(({ name }, index) => {
    const mine = figures[index] ?? [];
    const middle = (key: keyof Figures, digits = 1): string =>
      spreadOf(mine.map((each) => each[key] ?? Number.NaN)).median.toFixed(digits);
    const ratio = spreadOf(mine.map(({ cpuMicros }, run) => cpuMicros / (figures[0]?.[run]?.cpuMicros ?? 1)));
    return {
      peer: name,
      'CPU µs': middle('cpuMicros'),
      ratio: `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)})`,
      'per s': middle('perSecond', 0),
      'p50 µs': middle('p50', 0),
      'p99 µs': middle('p99', 0),
      '1st p99': middle('firstEventP99', 0),
      RSS: middle('rssMb', 0),
      'proxy busy': middle('proxyBusy', 2),
      'load busy': middle('loadBusy', 2),
      faults: middle('faults', 0),
    };
  });
  console.table(rows);
}
