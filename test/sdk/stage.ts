import { afterAll, beforeEach } from 'bun:test';
import type { RequestEnded } from '../../src/gateway/events.ts';
import type { AttemptRecord } from '../../src/simulator/attempt-log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';

/** A gateway in front of a mock provider that accepts only its own key. */
export interface Stage {
  readonly gateway: TestGateway;
  readonly simulator: Simulator;
  /** The base URL for a client. */
  readonly baseUrl: string;
  /** Forgets what has happened so far, so that a test sees only its own requests. */
  readonly clear: () => void;
  /** The requests that have ended since `clear`, oldest first, once there are `count` of them. */
  readonly ended: (count?: number) => Promise<readonly RequestEnded[]>;
  /** The one attempt since `clear`; throws if there was none, or more. */
  readonly attempt: () => AttemptRecord;
  /** Resolves when the gateway has broken the one attempt off; rejects if it does not do so at once. */
  readonly brokenOff: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The key that the provider expects and no client knows. */
export const UPSTREAM_KEY = 'sk-upstream';

/** A key without limits. */
export const CLIENT_KEY = 'mk-client';

/** A forgotten connection is closed as well, but only when its memory is reclaimed, which takes longer than this. */
const SOON_MS = 500;

/** Models under public names, and the provider's names for them; `mock/…` is passed on as it is. */
const SHAPE_A = `
  - name: main
    api_base: "URL/v1"
    api_key: ${UPSTREAM_KEY}
    model_mapping:
      acme/chat: mock-chat
      acme/embed: mock-embed
      acme/whisper: mock-whisper
      acme/voice: mock-voice
      acme/paint: mock-paint
      acme/judge: mock-judge
      mock/*: "*"
master_keys:
  - { name: client, key: ${CLIENT_KEY} }
  - { name: narrow, key: mk-narrow, allowed_models: [acme/chat] }
  - { name: slow, key: mk-slow, rate_limit: { requests_per_second: 1, burst_size: 1 } }
  - { name: blocked, key: mk-blocked, rate_limit: { requests_per_second: 0, burst_size: 0 } }
`;

/** Uses a stage for all tests of a file: clears it before each and stops it after the last. */
export async function useStage(started: Promise<Stage>): Promise<Stage> {
  const stage = await started;
  beforeEach(() => stage.clear());
  afterAll(() => stage.stop());
  return stage;
}

/** Starts both, with `more` sections in the configuration. `URL` in it is the provider's. */
export function startStage(more = '', options: StageOptions = {}): Promise<Stage> {
  return startStageWith(`providers:${SHAPE_A}${more}`, options);
}

interface StageOptions {
  /** Whether the provider refuses what the real one would. Default true. */
  readonly strict?: boolean;
}

/** Starts both, with the test's own configuration. `URL` in it is the provider's. */
export async function startStageWith(config: string, { strict = true }: StageOptions = {}): Promise<Stage> {
  const simulator = await startSimulator({ apiKey: UPSTREAM_KEY, strict });
  const gateway = startGateway(config.replaceAll('URL', simulator.url));
  let from = 0;
  const attempt = (): AttemptRecord => {
    const [first, ...others] = simulator.attempts;
    if (first === undefined || others.length > 0)
      throw new Error(`${simulator.attempts.length} attempts, not 1`);
    return first;
  };
  const endedSince = (): RequestEnded[] =>
    gateway.events.slice(from).filter((event) => event.type === 'request-ended');
  return {
    gateway,
    simulator,
    baseUrl: `${gateway.url}/v1`,
    clear: () => {
      from = gateway.events.length;
      simulator.reset();
    },
    ended: (count = 1) =>
      until(() => {
        const ended = endedSince();
        return ended.length >= count ? ended : undefined;
      }),
    attempt,
    brokenOff: async () => {
      await until(() => attempt().closedByPeerAt, SOON_MS);
    },
    stop: async () => {
      await gateway.stop();
      await simulator.stop();
    },
  };
}

/** The rejection of a promise. Throws if it resolves. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was fulfilled');
}

/** Every item of an iterable. */
export async function collected<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}
