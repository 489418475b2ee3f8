import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../../../src/simulator/simulator.ts';

const CASES = join(import.meta.dir, '..', '..', '..', 'golden', 'translation');

interface Golden {
  readonly name: string;
  readonly provider_api: string;
  readonly target?: { readonly dialect?: string };
  readonly expected_upstream_request?: { readonly path?: string; readonly body?: unknown };
}

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
});
afterAll(() => simulator.stop());

/** Signatures in the cases are invented, so the simulator rightly refuses them. */
const MADE_UP = /signature|encrypted content|redacted_thinking/i;

const cases = readdirSync(CASES)
  .filter((file) => file.endsWith('.json'))
  .map((file) => require(join(CASES, file)) as Golden)
  .filter((golden) => golden.expected_upstream_request?.body !== undefined)
  // Other servers of the Chat API have fields of their own, and one case contains a field that no server has.
  .filter(({ target }) => ['openai', 'generic'].includes(target?.dialect ?? 'generic'))
  .filter(({ name }) => name !== 'messages-vertex-carriage');

test.each(cases.map((golden) => [golden.name, golden] as const))(
  'the upstream request of the case %s is accepted',
  async (_, { expected_upstream_request: request }) => {
    const response = await fetch(`${simulator.url}${request?.path ?? ''}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer k', 'anthropic-beta': 'x' },
      body: JSON.stringify(request?.body),
    });
    const answer = await response.text();
    if (response.status === 400 && MADE_UP.test(answer)) return;
    expect([response.status, response.status === 200 ? '' : answer]).toEqual([200, '']);
  },
);
