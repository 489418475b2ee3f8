import type { RequestEnded } from '../../src/gateway/events.ts';
import { type TestGateway, until } from '../e2e/gateway.ts';
import type { Exchange } from './exchange.ts';

/** The gateway's report of a request, by the id in its answer. */
export function reportOf(gateway: TestGateway, exchange: Pick<Exchange, 'header'>): Promise<RequestEnded> {
  const id = exchange.header('x-llm-proxy-request-id');
  return until(() =>
    gateway.events
      .filter((event) => event.type === 'request-ended')
      .find(({ requestId }) => requestId === id),
  );
}
