import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  const base = new URL(simulator.url).origin;
  gateway = startGateway(`
providers:
  - {name: bedrock, provider_type: bedrock, region: eu-central-1, api_base: "${base}", aws: {access_key_id: AKIDEXAMPLE, secret_access_key: secret-key-1}}
  - {name: vertex, provider_type: vertex, project: p, api_base: "${base}", access_token: ya29.token-1}
  - {name: gemini, provider_type: gemini, api_base: "${base}", api_key: google-key-1}
  - {name: anthropic, provider_type: anthropic, api_base: "${base}", api_key: anthropic-key-1}
health: {probe: chat}
models:
  bedrock-claude: {routes: [{provider: bedrock, model: anthropic.claude-opus-5-5-v1:0}]}
  bedrock-nova: {routes: [{provider: bedrock, model: amazon.nova-pro-v1:0}]}
  vertex-claude: {routes: [{provider: vertex, model: claude-opus-5-5}]}
  vertex-gemini: {routes: [{provider: vertex, model: gemini-3-pro}]}
  vertex-llama: {routes: [{provider: vertex, model: meta/llama-4}]}
  gemini: {routes: [{provider: gemini, model: gemini-3-pro}]}
  claude: {routes: [{provider: anthropic, model: claude-opus-5-5}]}`);
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const VERTEX = '/v1/projects/p/locations/global';

test.each([
  [
    'bedrock-claude',
    '/model/anthropic.claude-opus-5-5-v1%3A0/invoke',
    'authorization',
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/',
  ],
  [
    'bedrock-nova',
    '/model/amazon.nova-pro-v1%3A0/converse',
    'authorization',
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/',
  ],
  [
    'vertex-claude',
    `${VERTEX}/publishers/anthropic/models/claude-opus-5-5:`,
    'authorization',
    'Bearer ya29.token-1',
  ],
  [
    'vertex-gemini',
    `${VERTEX}/publishers/google/models/gemini-3-pro:`,
    'authorization',
    'Bearer ya29.token-1',
  ],
  ['vertex-llama', `${VERTEX}/endpoints/openapi/chat/completions`, 'authorization', 'Bearer ya29.token-1'],
  ['gemini', '/v1beta/models/gemini-3-pro:', 'x-goog-api-key', 'google-key-1'],
  ['claude', '/v1/messages', 'x-api-key', 'anthropic-key-1'],
])(
  '%s answers clients of Chat and of Messages, whole and streamed',
  async (model, path, field, credential) => {
    for (const stream of [false, true])
      for (const client of ['/v1/chat/completions', '/v1/messages']) {
        const messages = [{ role: 'user', content: 'hi' }];
        const reply = await gateway.post(client, { model, stream, max_tokens: 50, messages });
        const text = await reply.text();
        expect([client, stream, reply.status]).toEqual([client, stream, 200]);
        const end =
          client === '/v1/messages' ? (stream ? 'message_stop' : 'end_turn') : stream ? '[DONE]' : 'stop';
        expect(text).toContain(end);
        const asked = simulator.attempts.at(-1);
        expect(asked?.path).toStartWith(path);
        expect(asked?.headers[field]).toStartWith(credential);
      }
  },
);

test('each provider passes a probe', async () => {
  const reply = await fetch(`${gateway.url}/health/detailed`);
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ probe: 'chat', healthy: 4, total: 4 });
});
