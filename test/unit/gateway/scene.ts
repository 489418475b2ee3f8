import { FREE_ADMISSION } from '../../../src/limits/admission.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import type { PlannedRequest } from '../../../src/gateway/request-context.ts';
import { readerSource } from '../../../src/lib/reader-source.ts';
import type { GatewayEvent } from '../../../src/gateway/events.ts';
import { type Execution, execute } from '../../../src/gateway/execute.ts';
import { ObjectOwnerLedger } from '../../../src/gateway/objects/object-owners.ts';
import { NOBODY } from '../../../src/gateway/attribution.ts';
import { plan } from '../../../src/gateway/plan.ts';
import type { ClientRequest, Gateway, UpstreamReply, UpstreamRequest } from '../../../src/gateway/ports.ts';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import { countersAlone } from '../../../src/limits/claim-counters.ts';
import { EstimateLedger } from '../../../src/limits/estimates.ts';
import { CooldownLedger } from '../../../src/routing/cooldown.ts';
import { TrafficLedger } from '../../../src/routing/traffic.ts';
import { TurnCounter } from '../../../src/routing/turn-counter.ts';
import { snapshotOf } from '../config/configuration.ts';
import { FakeClock } from './fake-clock.ts';

/** A provider's behaviour for one request. It can advance the clock, and the request tells it of a cancellation. */
export type Play = (request: UpstreamRequest, clock: FakeClock) => UpstreamReply | Promise<UpstreamReply>;

/** A gateway in which only the providers and the clock are fake. */
export class Scene {
  readonly clock = new FakeClock();
  readonly cooldowns = new CooldownLedger();
  readonly traffic = new TrafficLedger();
  readonly events: GatewayEvent[] = [];
  readonly sent: UpstreamRequest[] = [];
  readonly snapshot: Snapshot;
  readonly gateway: Gateway;
  /** The providers' next replies, by provider; the last one is repeated. */
  readonly #plays: Readonly<Record<string, Play[]>>;

  constructor(config: string, plays: Readonly<Record<string, readonly Play[]>>) {
    this.snapshot = snapshotOf(`allow_unauthenticated: true\n${config}`);
    this.#plays = Object.fromEntries(Object.entries(plays).map(([name, list]) => [name, [...list]]));
    this.gateway = {
      snapshot: () => this.snapshot,
      upstream: { send: (request) => this.#send(request) },
      clock: this.clock,
      dice: () => 0.5,
      newRequestId: () => 'req_1',
      buckets: new BucketLedger(),
      counters: countersAlone(new BucketLedger()),
      estimates: new EstimateLedger(),
      cooldowns: this.cooldowns,
      traffic: this.traffic,
      turns: new TurnCounter(),
      objects: new ObjectOwnerLedger(),
      tokens: { count: () => Promise.resolve(0) },
      emit: (event) => this.events.push(event),
    };
  }

  /** Executes one chat request for a model until it is decided. */
  async ask(model: string, client = new AbortController().signal): Promise<Execution> {
    const { snapshot } = this;
    const startedAtMs = this.clock.nowMs();
    return execute(await plannedRequest(model, { snapshot, startedAtMs, client }), this.gateway);
  }

  /** The providers that received an attempt, in order. */
  asked(): string[] {
    return this.sent.map(({ provider }) => provider.name);
  }

  /** The cooldowns that were set, as `provider for ms`. */
  cooled(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'route-cooled' ? [`${event.provider} for ${event.forMs}`] : [],
    );
  }

  async #send(request: UpstreamRequest): Promise<UpstreamReply> {
    this.sent.push(request);
    const plays = this.#plays[request.provider.name] ?? [];
    const play = plays.length > 1 ? plays.shift() : plays[0];
    if (play === undefined) throw new Error(`nothing to play for ${request.provider.name}`);
    return play(request, this.clock);
  }
}

/** A chat request for a model, as `plan` returns it. */
export async function plannedRequest(
  model: string,
  { snapshot, startedAtMs, client }: { snapshot: Snapshot; startedAtMs: number; client: AbortSignal },
): Promise<PlannedRequest> {
  const body = new TextEncoder().encode(JSON.stringify({ model, messages: [] }));
  const request: ClientRequest = {
    method: 'POST',
    path: '/v1/chat/completions',
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    signal: client,
    clientAddress: () => '127.0.0.1',
    readBody: () => Promise.resolve(body),
  };
  return {
    id: 'req_1',
    request,
    startedAtMs,
    snapshot,
    key: undefined,
    attribution: NOBODY,
    plan: await plan(request, undefined, snapshot),
    plannedAtMs: startedAtMs,
    deadlineMs: startedAtMs + snapshot.server.requestTimeoutMs,
    admission: FREE_ADMISSION,
    isReported: false,
  };
}

/** The body of a proper answer. */
export const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

/** A proper answer after this many milliseconds. */
export function answers(afterMs = 0): Play {
  return (_, clock) => {
    clock.pass(afterMs);
    return reply(200, ANSWER);
  };
}

/** An error with this status. */
export function fails(status: number, headers: Readonly<Record<string, string>> = {}): Play {
  return () => reply(status, JSON.stringify({ error: { message: `status ${status}` } }), headers);
}

/** The provider cannot be reached. */
export const unreachable: Play = () => ({ kind: 'unreachable', reason: 'refused' });

/** Stays silent until it is cancelled, while time passes. */
export const silent: Play = (request, clock) => {
  if (!request.cancellation.isCancelled) {
    const gone = new Promise<UpstreamReply>((resolve) => {
      request.cancellation.onCancel = () => resolve({ kind: 'aborted' });
    });
    clock.pass(10 * 60_000);
    return gone;
  }
  return { kind: 'aborted' };
};

function reply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): UpstreamReply {
  const response = new Response(text, { headers: { 'content-type': 'application/json', ...headers } });
  const body = response.body === null ? null : readerSource(response.body.getReader());
  return { kind: 'reply', status, headers: response.headers, body };
}
