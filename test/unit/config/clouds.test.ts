import { describe, expect, test } from 'bun:test';
import { routeSpeech } from '../../../src/translation/targets.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const OPEN = 'allow_unauthenticated: true\n';
const PEM = `-----BEGIN PRIVATE KEY-----\n${'canaryAAAA'.repeat(6)}\n${'canaryBBBB'.repeat(3)}\n-----END PRIVATE KEY-----\n`;
const ACCOUNT = {
  type: 'service_account',
  project_id: 'from-key',
  private_key_id: 'id-1',
  private_key: PEM,
  client_email: 'a@b',
  token_uri: 'https://oauth2.googleapis.com/token',
};

function providers(list: string, options: Parameters<typeof snapshotOf>[1] = {}) {
  return [...snapshotOf(`${OPEN}providers:\n${list}`, options).providers.values()];
}

const oneOf = (entry: string, options?: Parameters<typeof snapshotOf>[1]) => {
  const [provider] = providers(`  - { name: p, ${entry} }`, options);
  if (provider === undefined) throw new Error('no provider');
  return provider;
};

test.each([
  ['provider_type: anthropic', 'anthropic', 'https://api.anthropic.com'],
  ['provider_type: claude', 'anthropic', 'https://api.anthropic.com'],
  ['provider_type: google', 'gemini', 'https://generativelanguage.googleapis.com'],
  ['provider_type: gcp-vertex, project: p', 'vertex', 'https://aiplatform.googleapis.com'],
  ['provider_type: vertex, project: p, location: us', 'vertex', 'https://aiplatform.us.rep.googleapis.com'],
  [
    'provider_type: aws-bedrock, region: eu-west-1',
    'bedrock',
    'https://bedrock-runtime.eu-west-1.amazonaws.com',
  ],
  ['provider_type: response_api, api_base: "https://h"', 'openai-responses', 'https://h'],
  ['provider_type: gemini, api_base: "http://127.0.0.1:1/x"', 'gemini', 'http://127.0.0.1:1/x'],
  ['api_base: "https://api.anthropic.com/v1"', 'anthropic', 'https://api.anthropic.com/v1'],
  [
    'api_base: "https://bedrock-runtime.us-east-1.amazonaws.com"',
    'bedrock',
    'https://bedrock-runtime.us-east-1.amazonaws.com',
  ],
  // As they ran before: the API that is compatible with OpenAI's, words that meant nothing, and Bearer at Azure's hosts.
  [
    'api_base: "https://generativelanguage.googleapis.com/v1beta/openai"',
    'openai',
    'https://generativelanguage.googleapis.com/v1beta/openai',
  ],
  [
    'provider_type: gemini, api_base: "https://generativelanguage.googleapis.com/v1beta/openai/"',
    'openai',
    'https://generativelanguage.googleapis.com/v1beta/openai',
  ],
  ['provider_type: vertex, api_base: "http://127.0.0.1:1/v1"', 'openai', 'http://127.0.0.1:1/v1'],
  ['provider_type: bedrock, api_base: "http://127.0.0.1:1/v1"', 'openai', 'http://127.0.0.1:1/v1'],
  ['api_base: "https://x.openai.azure.com/openai/v1"', 'openai', 'https://x.openai.azure.com/openai/v1'],
  ['api_base: "https://h/v1", dialect: azure', 'azure', 'https://h/v1'],
])('%s is of type %s at %s', (entry, type, base) => {
  expect(oneOf(entry)).toMatchObject({ type, apiBase: base });
});

test.each([
  ['api_base: "http://gpu:8000/v1"', 'messages', 'try'],
  ['api_base: "http://gpu:8000/v1", provider_type: openai', 'messages', 'translate'],
  ['api_base: "http://gpu:8000/v1", provider_type: openai', 'responses', 'pass'],
  ['api_base: "http://gpu:8000/v1", apis: [chat, messages]', 'messages', 'pass'],
  ['api_base: "http://gpu:8000/v1", apis: [chat, messages]', 'responses', 'translate'],
  ['api_base: "http://gpu:8000/v1", provider_type: mystery', 'messages', 'try'],
  ['api_base: "https://api.openai.com/v1"', 'messages', 'translate'],
  ['provider_type: anthropic', 'chat', 'translate'],
  ['provider_type: bedrock, region: us-east-1', 'messages', 'pass'],
] as const)('%s: a request of %s is to %s', (entry, api, kind) => {
  const { speaks } = oneOf(entry);
  const model = 'anthropic.claude-opus-5-5-v1:0';
  expect(routeSpeech(speaks, { model }, { api, hasFunctionTools: false }).kind).toBe(kind);
});

describe('the region of Bedrock, and its keys,', () => {
  test('are those of the environment where the configuration has none', () => {
    const env = {
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'AKID-env-1',
      AWS_SECRET_ACCESS_KEY: 'canary-secret',
      AWS_SESSION_TOKEN: 'canary-session',
    };
    expect(oneOf('provider_type: bedrock', { env })).toMatchObject({
      region: 'eu-north-1',
      apiBase: 'https://bedrock-runtime.eu-north-1.amazonaws.com',
      credential: { kind: 'aws', accessKeyId: 'AKID-env-1', sessionToken: 'canary-session' },
    });
    expect(snapshotOf(`${OPEN}providers: [{name: p, provider_type: bedrock}]`, { env }).secrets).toEqual(
      expect.arrayContaining(['canary-secret', 'canary-session']),
    );
    const bearer = { AWS_REGION: 'eu-north-1', AWS_BEARER_TOKEN_BEDROCK: 'canary-bearer' };
    expect(oneOf('provider_type: bedrock', { env: bearer })).toMatchObject({ apiKey: 'canary-bearer' });
    expect(oneOf('provider_type: bedrock, region: us-east-1, api_key: own', { env })).toMatchObject({
      region: 'us-east-1',
      apiKey: 'own',
      credential: undefined,
    });
    expect(oneOf('api_base: "https://h"', { env }).credential).toBeUndefined();
  });
});

describe('a service account', () => {
  const yaml = JSON.stringify(JSON.stringify(ACCOUNT));

  test('is read from its text or its file, with its project, and every form of its key is a secret', () => {
    const readFile = (path: string) =>
      path === '/etc/sa.json'
        ? ({ kind: 'text', text: JSON.stringify(ACCOUNT) } as const)
        : ({ kind: 'problem', message: `the file ${path} does not exist`, isMissing: true } as const);
    for (const account of [`{json: ${yaml}}`, '{file: /etc/sa.json}']) {
      const text = `${OPEN}providers: [{name: p, provider_type: vertex, service_account: ${account}}]`;
      const { providers: found, secrets } = snapshotOf(text, { readFile });
      expect(found.get('p')).toMatchObject({
        project: 'from-key',
        credential: { kind: 'google', clientEmail: 'a@b' },
      });
      for (const shown of [PEM, JSON.stringify(PEM), 'canaryAAAA'.repeat(6), 'canaryBBBB'.repeat(3)])
        expect(secrets.reduce((rest, secret) => rest.replaceAll(secret, ''), shown)).not.toContain('canary');
    }
    const missing = `${OPEN}providers: [{name: p, provider_type: vertex, service_account: {file: /none.json}}]`;
    expect(problemsOf(missing, { readFile })).toEqual([
      expect.stringContaining('providers[0].service_account.file: the file /none.json does not exist'),
    ]);
  });

  test.each([
    ['nonsense canary', 'is no JSON object'],
    ['{"private_key":"canary"}', 'client_email is missing or wrong'],
    [JSON.stringify({ ...ACCOUNT, private_key: 'canary' }), 'private_key is missing or wrong'],
    [JSON.stringify({ ...ACCOUNT, token_uri: 'http://canary.example/token' }), 'token_uri'],
    [JSON.stringify({ ...ACCOUNT, token_uri: 'https://169.254.169.254/canary' }), 'token_uri'],
  ])('is refused without a word of it: %s', (json, why) => {
    const text = `${OPEN}providers: [{name: p, provider_type: vertex, project: x, service_account: {json: ${JSON.stringify(json)}}}]`;
    const said = problemsOf(text).join('\n');
    expect(said).toContain(why);
    expect(said).not.toContain('canary');
  });
});

test.each([
  ['provider_type: vertex', 'providers[0].project: is missing'],
  ['provider_type: bedrock', 'providers[0].region: is missing'],
  ['provider_type: openai', 'providers[0].api_base: is missing'],
  ['provider_type: azure', 'providers[0].api_base: is missing'],
  ['provider_type: bedrock, region: "evil.example/"', 'providers[0].region: must be lower-case letters'],
  [
    'provider_type: bedrock, region: us-east-1, api_key: canary-1, aws: {access_key_id: canary-2, secret_access_key: canary-3}',
    'providers[0].aws: is a credential, as api_key is',
  ],
  [
    'provider_type: bedrock, region: us-east-1, aws: {access_key_id: "canary 2", secret_access_key: "canary 3"}',
    'providers[0].aws.access_key_id: must be printable',
  ],
  [
    'provider_type: vertex, project: p, access_token: "canary x"',
    'providers[0].access_token: must be printable',
  ],
])('%s is refused: %s', (entry, why) => {
  const said = problemsOf(`${OPEN}providers: [{name: p, ${entry}}]`).join('\n');
  expect(said).toContain(why);
  expect(said).not.toContain('canary');
});

test('how requests are translated is said by the model, else by the provider, else by the top level', () => {
  const {
    translation,
    models,
    providers: found,
  } = snapshotOf(`${OPEN}
translation: {unsupported: reject, max_media_mb: 1}
providers:
  - {name: a, api_base: "https://a.test"}
  - {name: b, api_base: "https://b.test", translation: {unsupported: drop, fetch_media: true}}
models:
  plain: {routes: [{provider: a, max_output_tokens: 5, efforts: [], api: responses, claude: {mid_system: true}}]}
  own: {translation: {unsupported: warn}, routes: [{provider: b}]}`);
  const [a, b] = [found.get('a'), found.get('b')];
  if (a === undefined || b === undefined) throw new Error('no provider');
  const rest = { signatureIds: true, maxMediaBytes: 1_048_576 };
  expect(translation('plain', a)).toEqual({ ...rest, unsupported: 'reject', fetchMedia: false });
  expect(translation('plain', b)).toEqual({ ...rest, unsupported: 'drop', fetchMedia: true });
  expect(translation('own', b)).toEqual({ ...rest, unsupported: 'warn', fetchMedia: true });
  expect(models.get('plain')?.routes[0]?.translation).toEqual({
    api: 'responses',
    maxOutputTokens: 5,
    efforts: [],
    claude: { midSystem: true },
  });
  expect(models.get('own')?.routes[0]?.translation).toBeUndefined();
});
