import { describe, expect, test } from 'bun:test';
import { parseSource } from '../../../src/config/read/source.ts';
import { readLitellm } from '../../../src/migrate/from-litellm.ts';

const ENV = { OPENAI_API_KEY: 'sk-openai', ANTHROPIC_API_KEY: 'sk-ant' };

function read(yaml: string, env: Record<string, string> = ENV, taken = new Map<string, string>()) {
  const source = parseSource(yaml);
  if (source.kind === 'invalid') throw new Error(JSON.stringify(source.faults));
  const { file, unmapped } = readLitellm(source.value, env, taken);
  return {
    hosts: (file['providers'] as { api_base: string }[]).map(({ api_base }) => new URL(api_base).host),
    models: Object.keys(file['models'] ?? {}),
    told: unmapped.map(({ path, reason }) => `${path}: ${reason}`),
    file,
  };
}

const entry = (name: string, params: string): string =>
  `  - { model_name: "${name}", litellm_params: { ${params} } }\n`;

describe('an entry whose vendor would have to be guessed is left out:', () => {
  const cases: Readonly<Record<string, readonly [params: string, reason: string]>> = {
    'a name without a prefix': [
      'model: claude-sonnet-4-5, api_key: sk-ant',
      'does not say whose model it is',
    ],
    'an open model whose name looks like one of OpenAI': [
      'model: gpt-oss-120b, api_key: k',
      'does not say whose',
    ],
    'a base URL from a variable that is not set': [
      'model: openai/llama, api_base: os.environ/NOT_SET, api_key: sk-internal',
      'variable NOT_SET is not set',
    ],
    'the other name of a base URL, from a variable that is not set': [
      'model: openai/llama, base_url: os.environ/NOT_SET, api_key: sk-internal',
      'variable NOT_SET is not set',
    ],
    'a base URL that is empty': ['model: openai/llama, api_base: "", api_key: k', 'api_base: is not a text'],
    'a base URL that is no text': ['model: openai/llama, api_base: 5, api_key: k', 'api_base: is not a text'],
    'a base URL with a variable of a shell': [
      'model: openai/llama, api_base: "http://${HOST}/v1", api_key: k',
      'api_base: has a ${',
    ],
    'a base URL that is none': [
      'model: openai/llama, api_base: llama:8000, api_key: k',
      'api_base: must begin',
    ],
    'a base URL that is never called': [
      'model: openai/llama, api_base: "http://169.254.169.254/v1", api_key: k',
      'api_base: is a link-local or metadata address',
    ],
    'a key from a variable that is not set': [
      'model: openai/gpt-4o, api_key: os.environ/NOT_SET',
      'api_key: the environment variable NOT_SET is not set',
    ],
    'a credential of another list': [
      'model: openai/gpt-4o, litellm_credential_name: internal',
      'credential_list is not read',
    ],
    'another LiteLLM': ['model: openai/gpt-4o, use_litellm_proxy: true, api_key: k', 'another LiteLLM'],
    'a vendor that another setting names': [
      'model: gpt-4o, custom_llm_provider: bedrock, api_key: k',
      'providers of the kind "bedrock"',
    ],
    'headers from variables': [
      'model: openai/gpt-4o, api_key: k, extra_headers: { x-key: os.environ/OPENAI_API_KEY }',
      'only headers whose values are plain text',
    ],
  };
  for (const [title, [params, reason]] of Object.entries(cases)) {
    test(title, () => {
      const { hosts, models, told } = read(`model_list:\n${entry('m', params)}`);
      expect(hosts).toEqual([]);
      expect(models).toEqual([]);
      expect(told).toEqual([expect.stringContaining(reason)]);
    });
  }

  test('a vendor whose base URL LiteLLM would take from the environment', () => {
    const yaml = `model_list:\n${entry('m', 'model: openai/llama, api_key: sk-internal')}`;
    const byEnvironment = read(yaml, { ...ENV, OPENAI_API_BASE: 'http://internal' });
    expect(byEnvironment.told).toEqual([expect.stringContaining('from OPENAI_API_BASE')]);
    const byFile = read(`${yaml}environment_variables: { OPENAI_BASE_URL: "http://internal" }\n`);
    expect(byFile.told[0]).toContain('from OPENAI_BASE_URL');
    expect([...byEnvironment.hosts, ...byFile.hosts]).toEqual([]);
  });

  test('a variable that the file sets itself, since it goes before the environment', () => {
    const yaml = `model_list:\n${entry('m', 'model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY')}`;
    const { hosts, told } = read(`${yaml}environment_variables: { OPENAI_API_KEY: sk-other }\n`);
    expect(hosts).toEqual([]);
    expect(told[0]).toContain('OPENAI_API_KEY is not set');
  });
});

test('names that LiteLLM knows as those of OpenAI need no prefix', () => {
  const names = [
    'gpt-4o-mini',
    'gpt-3.5-turbo',
    'gpt-4.1',
    'gpt-5',
    'o3-mini',
    'text-embedding-3-small',
    'tts-1',
  ];
  const yaml = `model_list:\n${names.map((name) => entry(name, `model: ${name}, api_key: sk-o`)).join('')}`;
  const { hosts, models, told } = read(yaml);
  expect([hosts, models, told]).toEqual([['api.openai.com'], names, []]);
});

test('a key that is not given is told, with the variable that LiteLLM would read', () => {
  const { models, told } = read(
    `model_list:\n${entry('a', 'model: gpt-4o')}${entry('b', 'model: ollama/qwen')}`,
  );
  expect(models).toEqual(['a', 'b']);
  expect(told).toEqual([expect.stringContaining('LiteLLM would read OPENAI_API_KEY itself')]);
});

describe('a pattern', () => {
  const openai = 'model: "openai/*", api_key: os.environ/OPENAI_API_KEY';
  const star = entry('*', openai);

  test('that changes the name makes no provider, which would serve every name', () => {
    const { hosts, told } = read(`model_list:\n${entry('openai/*', openai)}`);
    expect(hosts).toEqual([]);
    expect(told).toEqual([expect.stringContaining('a pattern that changes the name')]);
  });

  const beside: Readonly<Record<string, string>> = {
    'a pattern that was left out': entry('anthropic/*', 'model: "anthropic/*", api_key: sk-ant'),
    'a model that was left out': entry('claude', 'model: bedrock/claude'),
    'an entry without a name': '  - { litellm_params: { model: groq/llama } }\n',
  };
  for (const [title, other] of Object.entries(beside)) {
    test(`that matches everything is left out beside ${title}`, () => {
      for (const list of [star + other, other + star]) {
        const { hosts, told } = read(`model_list:\n${list}`);
        expect(hosts).toEqual([]);
        expect(told).toContainEqual(expect.stringContaining('"*" would also serve'));
      }
    });
  }

  test('is left out beside files that are not read, and beside aliases that are not taken over', () => {
    const included = read(`model_list:\n${star}include: [more.yaml]\n`);
    const aliased = read(`model_list:\n${star}router_settings: { model_group_alias: { fast: nothing } }\n`);
    for (const { hosts, told } of [included, aliased]) {
      expect(hosts).toEqual([]);
      expect(told).toContainEqual(expect.stringContaining('"*" would also serve'));
    }
    expect(included.told).toContainEqual('include: other files are not read; import each of them');
  });

  test('stays where it can not match what was left out', () => {
    const gpt = entry('gpt-*', 'model: "openai/gpt-*", api_key: sk-o');
    const others = entry('claude-*', 'model: "bedrock/claude-*"') + entry('claude', 'model: bedrock/c');
    const { hosts, file } = read(`model_list:\n${gpt}${others}`);
    expect(hosts).toEqual(['api.openai.com']);
    expect(file['providers']).toMatchObject([{ model_mapping: { 'gpt-*': '*' } }]);
    expect(read(`model_list:\n${gpt}${entry('*-mini', 'model: azure/x')}`).hosts).toEqual([]);
  });

  test('goes, and the provider stays for the models that name it', () => {
    const list = star + entry('m', openai.replace('"openai/*"', 'openai/m')) + entry('c', 'model: bedrock/c');
    const { file } = read(`model_list:\n${list}`);
    expect(file['providers']).toEqual([
      { name: 'openai', api_base: 'https://api.openai.com/v1', api_key: 'sk-openai' },
    ]);
  });
});

test('an alias may be {model, hidden}', () => {
  const alias = '{ a: { model: m, hidden: true }, b: { model: none }, c: [m] }';
  const { models, told } = read(
    `model_list:\n${entry('m', 'model: openai/m, api_key: k')}router_settings: { model_group_alias: ${alias} }\n`,
  );
  expect(models).toEqual(['m', 'a']);
  expect(told).toEqual([
    'router_settings.model_group_alias.a.hidden: every model is listed here',
    expect.stringContaining('the model "none" is not in model_list'),
    expect.stringContaining('neither the name of a model nor {model, hidden}'),
  ]);
});

test('a fallback of or to a model that was not taken over is left out, and the others stay', () => {
  const list = entry('a', 'model: azure/x') + entry('b', 'model: openai/b, api_key: k');
  const rules = '[{ a: [b] }, { b: [a, "gpt-x"] }, { b: { model: b } }]';
  const { file, told } = read(
    `model_list:\n${list}${entry('gpt-*', 'model: "openai/gpt-*", api_key: k')}litellm_settings: { fallbacks: ${rules} }\n`,
  );
  expect(file['fallback']).toEqual({ alias_fallback: { b: ['gpt-x'] } });
  expect(told.filter((line) => line.includes('fallbacks'))).toEqual([
    expect.stringContaining('fallbacks[0]: the model "a" was not taken over'),
    expect.stringContaining('fallbacks[1]: of the fallbacks of "b", "a" was not taken over'),
    expect.stringContaining('fallbacks[2]'),
  ]);
});

test('a provider of that name with another base URL is not turned into this one', () => {
  const yaml = `model_list:\n${entry('m', 'model: openai/m, api_key: k')}`;
  const other = read(yaml, ENV, new Map([['openai', 'https://mirror.internal/v1']]));
  expect(other.file['providers']).toMatchObject([{ name: 'openai-2' }]);
  const same = read(yaml, ENV, new Map([['openai', 'https://api.openai.com/v1']]));
  expect(same.file['providers']).toMatchObject([{ name: 'openai' }]);
});
