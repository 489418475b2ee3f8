import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`providers: [{ name: a, api_base: "${simulator.url}" }]`);
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

/** Images use tokens as well, although the gateway does not understand their API. */
test.each(['ok', 'gzip', 'zstd', 'drip?bytes=10&ms=1'])(
  'the usage of an answer in JSON is read as it passes: %s',
  async (fault) => {
    const before = gateway.events.filter(({ type }) => type === 'request-ended').length;
    const response = await gateway.post('/v1/images/generations', {
      model: `mock/${fault}`,
      prompt: 'four words of it',
    });
    expect(await response.json()).toMatchObject({ usage: { total_tokens: 4 } });
    const { usage, isUsageEstimated, ending } = await gateway.ended(before + 1);
    expect({ total: usage?.totalTokens, isUsageEstimated, ending }).toEqual({
      total: 4,
      isUsageEstimated: false,
      ending: 'complete',
    });
  },
);
