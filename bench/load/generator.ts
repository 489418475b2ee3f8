/**
 * The process on the load's core. It runs the provider behind the proxies, and every client in front of them except wrk. It takes
 * orders from its parent and reports.
 */
import { answerStreams, eventsSent, finishStreams, startMock, type StreamManner } from './mock.ts';
import { askAtPace, type Paced, type PaceLoad } from './pace-client.ts';
import { StreamCrowd, type StreamLoad, type StreamsEnd, type StreamsWindow } from './stream-client.ts';

/** A task begins with `open-streams` or `ask-at-pace`; other orders belong to the one before them. */
export type Order =
  | { readonly kind: 'ask-at-pace'; readonly load: PaceLoad }
  | ({ readonly kind: 'open-streams'; readonly load: StreamLoad } & StreamManner)
  | { readonly kind: 'begin-window' }
  | { readonly kind: 'end-window' }
  | { readonly kind: 'finish-streams' };

export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | ({ readonly kind: 'paced' } & Paced)
  | { readonly kind: 'open'; readonly faults: string }
  | ({ readonly kind: 'window' } & StreamsWindow)
  | ({ readonly kind: 'closed'; readonly sent: number } & StreamsEnd);

let crowd: StreamCrowd | undefined;
/** Messages between the processes carry the task's number, so that a late one is never taken for part of the next task. */
export interface Numbered<T> {
  readonly task: number;
  readonly content: T;
}

process.on('message', (message: Numbered<Order>) => void obey(message));
report(0, { kind: 'listening', port: startMock() });

async function obey({ task, content: order }: Numbered<Order>): Promise<void> {
  switch (order.kind) {
    case 'ask-at-pace':
      report(task, { kind: 'paced', ...(await askAtPace(order.load)) });
      break;
    case 'open-streams':
      // Clears the remains of a failed measurement.
      crowd?.leave();
      answerStreams(order);
      crowd = new StreamCrowd(order.load, {
        open: (faults) => report(task, { kind: 'open', faults }),
        closed: (end) => report(task, { kind: 'closed', sent: eventsSent(), ...end }),
      });
      break;
    case 'begin-window':
      crowd?.beginWindow();
      break;
    case 'end-window':
      if (crowd !== undefined) report(task, { kind: 'window', ...crowd.endWindow() });
      break;
    case 'finish-streams':
      finishStreams();
      break;
  }
}

function report(task: number, content: Report): void {
  process.send?.({ task, content } satisfies Numbered<Report>);
}
