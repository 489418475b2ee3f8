/**
 * The process on the load's core: the provider behind the proxies, and the client of the streams in front of them. It takes orders
 * from its parent and reports.
 */
import { answerStreams, answerWhole, eventsSent, finishStreams, startMock } from './mock.ts';
import {
  beginWindow,
  endWindow,
  openStreams,
  type StreamLoad,
  type StreamsEnd,
  type StreamsWindow,
} from './stream-client.ts';

export type Order =
  | { readonly kind: 'answer-whole' }
  | { readonly kind: 'open-streams'; readonly pace: number; readonly load: StreamLoad }
  | { readonly kind: 'begin-window' }
  | { readonly kind: 'end-window' }
  | { readonly kind: 'finish-streams' };

export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'open' }
  | ({ readonly kind: 'window' } & StreamsWindow)
  | ({ readonly kind: 'closed'; readonly sent: number } & StreamsEnd);

process.on('message', (order: Order) => {
  if (order.kind === 'answer-whole') answerWhole();
  else if (order.kind === 'begin-window') beginWindow();
  else if (order.kind === 'end-window') report({ kind: 'window', ...endWindow() });
  else if (order.kind === 'finish-streams') finishStreams();
  else {
    answerStreams(order.pace);
    openStreams(order.load, {
      open: () => report({ kind: 'open' }),
      closed: (end) => report({ kind: 'closed', sent: eventsSent(), ...end }),
    });
  }
});
report({ kind: 'listening', port: startMock() });

function report(what: Report): void {
  process.send?.(what);
}
