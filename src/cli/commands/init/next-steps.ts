import { DEFAULTS } from '../../../config/schema/defaults.ts';
import { shellWord } from '../../program-name.ts';
import type { Style } from '../../style.ts';
import { type Choices, referencesIn } from './first-config.ts';
import { PROVIDER_KINDS, type ProviderKind } from './provider-kinds.ts';

/** A first configuration that was written, and its place. */
export interface Written {
  readonly choices: Choices;
  /** The file, as the user named it. */
  readonly path: string;
  /** The command that runs this program. */
  readonly program: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The next steps: lines that can be typed as they are. */
export function nextSteps({ choices, path, program }: Written, env: Environment, style: Style): string {
  const { bold, name, dim } = style;
  const file = path === 'config.yaml' ? '' : ` --config ${shellWord(path)}`;
  const start: readonly Step[] = [
    ...variablesToSet(choices, env),
    { line: `${program} check${file}`, does: 'shows the effect of the file' },
    { line: `${program}${file}`, does: 'starts the gateway' },
  ];
  const width = Math.max(...start.map(({ line }) => line.length));
  const isShown = referencesIn(choices.masterKey).length === 0;
  const blocks: readonly Block[] = [
    ...(isShown
      ? [
          {
            title: 'The key for clients, shown only now (the file contains its SHA-256):',
            lines: [name(choices.masterKey)],
          },
        ]
      : []),
    {
      title: 'Next:',
      lines: start.map(({ line, does }) => `${line.padEnd(width)}  ${dim(`# ${does}`)}`),
    },
    { title: 'Then, from another terminal:', lines: firstRequest(choices) },
  ];
  return [
    `Wrote ${path}`,
    ...blocks.map(({ title, lines }) => [bold(title), ...lines.map((line) => `  ${line}`)].join('\n')),
  ].join('\n\n');
}

interface Block {
  readonly title: string;
  readonly lines: readonly string[];
}

interface Step {
  readonly line: string;
  readonly does: string;
}

/** The variables that the file refers to and the environment lacks. */
function variablesToSet({ provider, key, masterKey }: Choices, env: Environment): Step[] {
  const { keyForm }: ProviderKind = PROVIDER_KINDS[provider];
  const what = keyForm === 'service-account' ? "the path of the provider's key file" : "the provider's key";
  const set = process.platform === 'win32' ? 'set' : 'export';
  const wanted = [
    ...(key.kind === 'variable' ? [{ name: key.name, does: what }] : []),
    ...referencesIn(masterKey).map((name) => ({ name, does: 'what clients send' })),
  ];
  return wanted
    .filter(({ name }) => !env[name])
    .map(({ name, does }) => ({ line: `${set} ${name}=...`, does }));
}

/** A request that the gateway answers through the provider, in the provider's API. */
function firstRequest({ provider, masterKey, model = 'MODEL' }: Choices): string[] {
  const isAnthropic = provider === 'anthropic';
  const body = JSON.stringify({
    model,
    ...(isAnthropic && { max_tokens: 100 }),
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  return [
    `curl -s http://127.0.0.1:${DEFAULTS.port}/v1/${isAnthropic ? 'messages' : 'chat/completions'} \\`,
    `  -H "Authorization: Bearer ${inDoubleQuotes(masterKey)}" \\`,
    '  -H "Content-Type: application/json" \\',
    ...(isAnthropic ? ['  -H "anthropic-version: 2023-06-01" \\'] : []),
    `  -d ${shellWord(body)}`,
  ];
}

/** A key in double quotes for the shell. `${VAR}` stays a reference there. */
function inDoubleQuotes(key: string): string {
  return referencesIn(key).length > 0 ? key : key.replaceAll(/["$`\\]/g, '\\$&');
}
