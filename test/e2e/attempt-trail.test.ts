import { expect, test } from 'bun:test';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { logEntries } from '../../src/telemetry/log/log-entry.ts';
import { chat, startGateway } from './gateway.ts';

test('the header of an answer and the log tell the same story of its attempts', async () => {
  const simulator = await startSimulator();
  const gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}" }
  - { name: b, api_base: "${simulator.url}" }
models:
  m:
    routes:
      - { provider: a, model: mock/500, priority: 1 }
      - { provider: b, model: mock/200-html, priority: 2 }
      - { provider: b, model: mock/ok, priority: 3 }`);
  const response = await gateway.post('/v1/chat/completions', chat('m'));
  const trail = 'a/mock/500 failed 500, b/mock/200-html failed 200 (html), b/mock/ok answered';
  expect(response.headers.get('x-llm-proxy-attempts')).toBe('3');
  expect(response.headers.get('x-llm-proxy-trail')).toBe(trail);
  const told = logEntries(await gateway.ended()).find(({ message }) => message === 'story');
  expect(told?.values).toEqual({ attempts: trail });
  await gateway.stop();
  await simulator.stop();
});

test('a model whose name no header can hold is answered all the same', async () => {
  const simulator = await startSimulator();
  const gateway = startGateway(`providers: [{ name: open, api_base: "${simulator.url}" }]`);
  for (const model of ['模型/😀', 'two\nlines', 'nul\u0000', 'ü'.repeat(200)]) {
    for (const stream of [false, true]) {
      const response = await gateway.post('/v1/chat/completions', chat(model, { stream }));
      expect({ model, status: response.status }).toEqual({ model, status: 200 });
      expect(response.headers.get('x-llm-proxy-model')).toMatch(/^[\x20-\x7e]+$/);
      await response.text();
    }
  }
  await gateway.stop();
  await simulator.stop();
});
