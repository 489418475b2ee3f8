import type { Peer, RunningPeer } from '../peers/peer.ts';
import { measureAnswers } from './answers.ts';
import type { Bench } from './bench.ts';
import { measureColdStart } from './cold-start.ts';
import type { Figures } from './figures.ts';
import { measureMemory } from './memory.ts';
import { measurePace } from './pace.ts';
import { measureSaturation } from './saturation.ts';
import { measureStreams } from './streams.ts';

/** One kind of work, its peers, and how it is measured: with running proxies, or with one that is started for it. */
export type Work = {
  readonly name: string;
  readonly title: string;
  readonly unit: 'request' | 'event' | 'start';
  readonly peers: readonly string[];
} & (
  | { readonly kind: 'running'; readonly measure: (bench: Bench, peer: RunningPeer) => Promise<Figures> }
  | {
      readonly kind: 'fresh';
      readonly measure: (bench: Bench, peer: Peer) => Promise<Figures>;
      /** The number of times in a round. */
      readonly times: number;
    }
);

const FAST = [
  'nginx',
  'haproxy',
  'llm-proxy',
  'llm-proxy (plain)',
  'llm-proxy (runtime)',
  'llm-proxy (runtime plain)',
] as const;
const GATEWAYS = ['liter-llm', 'portkey', 'litellm'] as const;

/** Every kind of work, in the order of measurement. */
export const WORKS: readonly Work[] = [
  saturation('small', 'Small chat requests', { promptBytes: 60, connections: 64 }, [...FAST, ...GATEWAYS]),
  saturation('100k', 'Prompts of 100 KB', { promptBytes: 100_000, connections: 32 }, [
    'nginx (unbuffered)',
    ...FAST,
    ...GATEWAYS,
  ]),
  saturation('1m', 'Prompts of 1 MB', { promptBytes: 1_000_000, connections: 8 }, [
    'nginx (unbuffered)',
    ...FAST,
    'liter-llm',
  ]),
  streams(20, 10, GATEWAYS),
  streams(200, 50, ['liter-llm']),
  streams(600, 50),
  streams(2_000, 50),
  streams(32, 0),
  {
    name: 'first-token',
    title: 'First events of streams while 300 are open',
    unit: 'request',
    kind: 'running',
    peers: ['direct', ...FAST],
    // Each lasts three seconds.
    measure: (bench, peer) =>
      measureAnswers({ ...bench, seconds: bench.seconds + 3 }, peer, {
        perSecond: 100,
        pace: 50,
        length: 150,
      }),
  },
  pace(50, GATEWAYS),
  pace(300),
  pace(1_000),
  {
    name: 'workers',
    title: 'Two workers on two cores, small chat requests',
    unit: 'request',
    kind: 'running',
    peers: ['llm-proxy', 'llm-proxy (2 workers)', 'llm-proxy (2 workers, 2 loads)'],
    // Two workers share the load of one, or each has as much as one.
    measure: (bench, peer) =>
      measureSaturation(bench, peer, {
        promptBytes: 60,
        connections: peer.name.includes('2 loads') ? 128 : 64,
      }),
  },
  {
    name: 'memory',
    title: 'Memory',
    unit: 'start',
    kind: 'fresh',
    peers: [...FAST, 'llm-proxy (binary)', ...GATEWAYS],
    measure: measureMemory,
    times: 1,
  },
  {
    name: 'start',
    title: 'From the start to the first answer',
    unit: 'start',
    kind: 'fresh',
    peers: ['nginx', 'haproxy', 'llm-proxy', 'llm-proxy (binary)', ...GATEWAYS],
    measure: measureColdStart,
    times: 4,
  },
];

function saturation(
  name: string,
  title: string,
  work: Parameters<typeof measureSaturation>[2],
  peers: readonly string[],
): Work {
  const measure = (bench: Bench, peer: RunningPeer) => measureSaturation(bench, peer, work);
  return { name, title, unit: 'request', kind: 'running', peers: ['direct', ...peers], measure };
}

function streams(count: number, pace: number, gateways: readonly string[] = []): Work {
  return {
    name: pace === 0 ? 'streams-full' : `streams-${count}`,
    title:
      pace === 0 ? `${count} streams as fast as possible` : `${count} streams with ${pace} events a second`,
    unit: 'event',
    kind: 'running',
    peers: ['direct', ...FAST, ...gateways],
    measure: (bench, peer) => measureStreams(bench, peer, { streams: count, pace }),
  };
}

function pace(perSecond: number, gateways: readonly string[] = []): Work {
  return {
    name: `pace-${perSecond}`,
    title: `${perSecond} small chat requests a second`,
    unit: 'request',
    kind: 'running',
    peers: ['direct', ...FAST, ...gateways],
    measure: (bench, peer) => measurePace(bench, peer, perSecond),
  };
}
