import { readBaseUrl } from '../../../config/compile/base-url.ts';
import { nearest } from '../../../lib/nearest.ts';
import { findVariableFault, type InitValues, readMasterKey, readProviderKey } from './choices.ts';
import type { Choices, ProviderKey } from './first-config.ts';
import type { Prompt } from './prompt.ts';
import { PROVIDER_KINDS, PROVIDER_NAMES, type ProviderKind, type ProviderName } from './provider-kinds.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Asks for everything that the command line has not decided. Rejects with `Interrupted` if the user leaves. */
export async function interview(prompt: Prompt, values: InitValues, env: Environment): Promise<Choices> {
  // Errors of the command line are reported before the first question.
  const masterKey = readMasterKey(values);
  prompt.say(
    'This creates a first configuration. Enter accepts the value in brackets; Ctrl-C quits without writing anything.',
  );
  const provider = await askProvider(prompt);
  const kind: ProviderKind = PROVIDER_KINDS[provider];
  return {
    provider,
    apiBase: values['api-base'] ?? (await askApiBase(prompt, kind)),
    key:
      values['api-key-env'] !== undefined || values['write-key']
        ? readProviderKey(values, kind, env)
        : await askKey(prompt, provider, env),
    masterKey,
    model: values.model ?? (await askModel(prompt, kind)),
  };
}

async function askProvider(prompt: Prompt): Promise<ProviderName> {
  const rows = PROVIDER_NAMES.map((name) => {
    const { note, apiBase = '' }: ProviderKind = PROVIDER_KINDS[name];
    return { name, note: note ?? apiBase };
  });
  return (await choose(prompt, 'Which provider?', rows)).name;
}

function askApiBase(prompt: Prompt, { apiBase, apiBaseExample }: ProviderKind): Promise<string> {
  const example = apiBaseExample === undefined ? '' : `, such as ${apiBaseExample}`;
  return prompt.ask(`Address of its API${example}`, {
    fallback: apiBase,
    fault: (answer) => {
      const base = readBaseUrl(answer);
      return base.kind === 'invalid' ? `This ${base.message}.` : undefined;
    },
  });
}

function askModel(prompt: Prompt, { model }: ProviderKind): Promise<string> {
  return prompt.ask('A model that it serves, for the first request', {
    fallback: model,
    fault: (answer) => (answer === '' ? 'Any of its models will do.' : undefined),
  });
}

/** Asks where the key is. The key gets into the file only if the user chooses so. */
async function askKey(prompt: Prompt, provider: ProviderName, env: Environment): Promise<ProviderKey> {
  const { keyVariable: usual, keyForm }: ProviderKind = PROVIDER_KINDS[provider];
  const isFile = keyForm === 'service-account';
  const state = usual !== undefined && env[usual] ? 'which is set' : 'to set before the start';
  const first: KeyRow =
    usual === undefined
      ? { name: 'none', note: 'it needs no key', take: () => ({ kind: 'none' }) }
      : { name: usual, note: `environment variable, ${state}`, take: () => inVariable(usual) };
  const { take } = await choose<KeyRow>(prompt, `Where is the key${isFile ? ' file' : ''} of ${provider}?`, [
    first,
    {
      name: 'variable',
      note: 'another environment variable',
      take: async () => inVariable(await prompt.ask('Variable', { fault: findVariableFault })),
    },
    isFile
      ? {
          name: 'path',
          note: 'at a path: type it now',
          take: async () => ({ kind: 'written', secret: await prompt.ask('Path of the key file') }),
        }
      : {
          name: 'file',
          note: 'in the file: type it now',
          take: async () => ({ kind: 'written', secret: await askSecret(prompt) }),
        },
  ]);
  return take();
}

interface KeyRow extends Row {
  readonly take: () => ProviderKey | Promise<ProviderKey>;
}

function inVariable(name: string): ProviderKey {
  return { kind: 'variable', name };
}

function askSecret(prompt: Prompt): Promise<string> {
  return prompt.ask('Key (not shown)', {
    isSecret: true,
    fault: (answer) =>
      /^[\x21-\x7e]+$/.test(answer) ? undefined : 'This is not a key: use printable ASCII only.',
  });
}

interface Row {
  readonly name: string;
  readonly note: string;
}

/** Lets the user choose a row by number or name; Enter takes the first one. */
async function choose<R extends Row>(prompt: Prompt, title: string, rows: readonly R[]): Promise<R> {
  const names = rows.map(({ name }) => name);
  const width = Math.max(...names.map(({ length }) => length));
  prompt.say(`\n${title}`);
  const digits = String(rows.length).length;
  rows.forEach(({ name, note }, index) =>
    prompt.say(`  ${String(index + 1).padStart(digits)}  ${name.padEnd(width)}  ${note}`),
  );
  for (;;) {
    const answer = await prompt.ask('Number or name', { fallback: names[0] });
    const row = rows[Number(answer) - 1] ?? rows.find(({ name }) => name === answer);
    if (row !== undefined) return row;
    const meant = nearest(answer, names);
    prompt.say(meant === undefined ? `  From 1 to ${rows.length}, please.` : `  Did you mean "${meant}"?`);
  }
}
