import { z } from 'zod';
import { bearerOf } from './access/identify.ts';
import { Subscriber } from './live/subscriber.ts';
import { AdminProblem } from './problem.ts';
import type { Answer, Call, Operation } from './operation.ts';

/** The operation that streams live events. */
export const liveOperations: readonly Operation[] = [
  {
    method: 'get',
    tag: 'running',
    path: '/live',
    id: 'readLive',
    summary: 'Live events',
    description:
      'Server-sent events: `hello` and all states (`state`) at first, then changed states, a `tick` with the requests that ended, at most four times a second, and a `feed` of notable events. Events contain names and numbers, never prompts, answers or credentials. A slow reader loses events; `lost` gives their number. `end` means that the session has ended or that the gateway is stopping.',
    body: undefined,
    status: 200,
    answer: z.string(),
    media: 'text/event-stream',
    run: live,
  },
];

async function live({ caller, services, headers: sent, now }: Call): Promise<Answer> {
  if (caller === undefined) throw new Error('the stream needs a caller');
  if (services.live.isClosed)
    throw new AdminProblem('starting', 'The gateway stops.', { headers: { 'retry-after': '2' } });
  const running = services.running();
  const subscriber = new Subscriber(caller, bearerOf(sent));
  services.live.add(subscriber, {
    version: services.version,
    config_version: running.snapshot().version,
    role: caller.role,
    now: now.toISOString(),
    started_at: new Date(running.startedAtMs).toISOString(),
  });
  const raw = { type: 'text/event-stream', body: subscriber.stream };
  return { version: undefined, body: undefined, headers: { 'x-accel-buffering': 'no' }, raw };
}
