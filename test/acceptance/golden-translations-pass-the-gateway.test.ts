import { expect, test } from 'bun:test';
import { Glob } from 'bun';
import { join } from 'node:path';
import { startGateway } from '../e2e/gateway.ts';
import { clientEvents, difference, type GoldenCase, opened } from '../unit/translation/golden-case.ts';
import { exchange, type Exchange, postOf } from './exchange.ts';
import { startGoldenProvider } from './golden-provider.ts';

const FOLDER = join(import.meta.dir, '..', 'golden', 'translation');
const cases: GoldenCase[] = [];
for (const file of [...new Glob('*.json').scanSync(FOLDER)].sort()) {
  cases.push((await Bun.file(join(FOLDER, file)).json()) as GoldenCase);
}

/** The clock of the cases, and the default path. */
const NOW = 1_790_000_000;
const PATHS: Readonly<Record<string, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
};

test.each(cases.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
  const provider = await startGoldenProvider(golden);
  const gateway = startGateway(configOf(golden, provider.url));
  try {
    const path = golden.request_path ?? PATHS[golden.client_api] ?? '';
    const body = golden.request_raw ?? JSON.stringify(golden.request);
    const answer = exchange(gateway.url, postOf(path, body, golden.request_headers));
    const ending = await answer.ended;
    const ended = await gateway.ended();
    expect(sentWrong(golden, provider.requests, answer)).toBeUndefined();
    if (golden.expected_client_response !== undefined)
      expect(toldWrong(golden, answer, ending)).toBeUndefined();
    if (golden.expected_losses === undefined) return;
    const losses = (ended.translation?.losses ?? []).map(({ what, path: place }) => `${what} ${place}`);
    expect([...losses].sort()).toEqual([...golden.expected_losses].sort());
  } finally {
    await gateway.stop();
    await provider.stop();
  }
});

const TYPES: Readonly<Record<string, string>> = {
  chat: 'openai',
  responses: 'openai-responses',
  messages: 'anthropic',
  gemini: 'gemini',
  converse: 'bedrock',
  'messages@bedrock': 'bedrock',
  'messages@vertex': 'vertex',
};

/** The case's target as a configuration, which is JSON, and so YAML. */
function configOf({ target, client_api, provider_api, ...golden }: GoldenCase, url: string): string {
  const type = target['dialect'] === 'azure' ? 'azure' : TYPES[provider_api];
  const provider: Record<string, unknown> = {
    name: target.provider,
    provider_type: type,
    api_base: type === 'openai' || type === 'openai-responses' ? `${url}/v1` : url,
  };
  if (type === 'bedrock') {
    provider['region'] = 'eu-central-1';
    provider['aws'] = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'runner-secret-key' };
  } else if (type === 'vertex') {
    Object.assign(provider, { project: 'pr', location: 'global', access_token: 'ya29.runner-token' });
  } else provider['api_key'] = 'sk-runner-provider';
  if (provider_api === 'chat' && ['responses', 'completions', 'embeddings'].includes(client_api))
    provider['apis'] = ['chat'];
  const of = (names: readonly string[]) =>
    Object.fromEntries(Object.entries(target).filter(([name]) => names.includes(name)));
  Object.assign(
    provider,
    of(['dialect', 'api_version', 'auto_cache', 'anthropic_beta', 'project', 'location']),
  );
  const route = {
    provider: target.provider,
    model: target.model,
    ...of(['api', 'max_output_tokens', 'efforts', 'claude']),
  };
  const providers = [provider];
  // Answers that stay in one API are not repaired. Only translated ones are.
  if (client_api === provider_api) {
    const [other, base] = client_api === 'messages' ? ['openai', `${url}/v1`] : ['anthropic', url];
    providers.push({ name: 'p2', provider_type: other, api_base: base });
  }
  const parts = {
    allow_unauthenticated: true,
    providers,
    models: { [modelOf({ ...golden, client_api, provider_api, target })]: { routes: [route] } },
    fallback: { retries: 0, cooldown_seconds: 0 },
    ...(target['policy'] !== undefined && { translation: { unsupported: target['policy'] } }),
  };
  return Object.entries(parts)
    .map(([name, part]) => `${name}: ${JSON.stringify(part)}\n`)
    .join('');
}

function modelOf({ request, request_raw, request_path = '' }: GoldenCase): string {
  const inPath = /\/models\/([^/:?]+):/.exec(request_path)?.[1];
  const body = (request_raw === undefined ? request : JSON.parse(request_raw)) as { readonly model?: string };
  return inPath ?? body.model ?? '';
}

/** The first difference between the expected and the actual request to the provider. */
function sentWrong(golden: GoldenCase, requests: readonly string[], answer: Exchange): string | undefined {
  const expected = golden.expected_upstream_request;
  if (expected?.unsuitable !== undefined) return refusedWrong(expected.unsuitable.path, requests, answer);
  const [request, ...more] = requests;
  if (request === undefined || more.length > 0)
    return `${requests.length} requests were sent: ${answer.text()}`;
  const text = Buffer.from(request, 'latin1').toString();
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  for (const part of golden.expected_upstream_contains ?? [])
    if (!body.includes(part)) return `${part} is not in ${body}`;
  const path = request.split(' ', 2)[1];
  if (expected?.path !== undefined && expected.path !== path) return `the path is ${path}`;
  if (expected?.body === undefined) return undefined;
  return difference(opened(expected.body), opened(settled(JSON.parse(body), answer)), 'upstream');
}

function refusedWrong(path: string, requests: readonly string[], answer: Exchange): string | undefined {
  if (requests.length > 0) return 'the provider was asked';
  const text = answer.text();
  const isTold = answer.status() === 400 && text.includes('translation_unsupported') && text.includes(path);
  return isTold ? undefined : `status ${answer.status()}: ${text}`;
}

/** The first difference between the expected and the actual answer to the client. */
function toldWrong(golden: GoldenCase, answer: Exchange, ending: string): string | undefined {
  const expected = golden.expected_client_response;
  if (expected === undefined) return undefined;
  const { status, body, stream, json_array: array, broken = false, unclosed = false } = expected;
  if (answer.status() !== status) return `status ${answer.status()}: ${answer.text()}`;
  if ((ending === 'whole') === broken) return `the connection ended: ${ending}`;
  const text = answer.text();
  if (stream !== undefined) return differs(stream, clientEvents(text), answer);
  if (array === undefined) return differs(body, JSON.parse(text), answer);
  if (unclosed === text.trimEnd().endsWith(']')) return `the array ends with ${text.slice(-20)}`;
  return differs(array, JSON.parse(unclosed ? `${text}]` : text), answer);
}

function differs(expected: unknown, got: unknown, answer: Exchange): string | undefined {
  return difference(opened(expected), opened(settled(got, answer)), 'client');
}

/** A value in which the cases' id and clock replace the real ones. */
function settled(value: unknown, answer: Exchange): unknown {
  const id = /^req_(\w+)$/.exec(answer.header('x-llm-proxy-request-id') ?? '')?.[1] ?? ' ';
  const text = JSON.stringify(value).replaceAll(id, 'golden');
  return JSON.parse(text, (key, member: unknown) => {
    const isTime = (key === 'created' || key === 'created_at') && typeof member === 'number';
    return isTime && Math.abs(Date.now() / 1000 - member) < 120 ? NOW : member;
  });
}
