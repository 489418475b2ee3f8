import { expect, test } from 'bun:test';
import { carry } from '../../../src/translation/carriage/carry.ts';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import type { Target } from '../../../src/translation/exchange.ts';
import { playRequest } from './request-play.ts';
import type { Place } from './sdk-place.ts';
import { OPENAI_PLACES } from './sdk-places-openai.ts';
import { OTHER_PLACES } from './sdk-places-others.ts';
import { samplesOf, sdkMembers } from './sdk-types.ts';

/** The providers that a member may reach, each with a model that takes most. */
const TARGETS: Readonly<Record<string, readonly [ProviderApi, Partial<Target>]>> = {
  chat: ['chat', { dialect: 'openai', model: 'gpt-4.1' }],
  'chat of any server': ['chat', { dialect: 'generic', model: 'some-model' }],
  responses: ['responses', { model: 'gpt-5.6' }],
  messages: ['messages', { model: 'claude-opus-4-6' }],
  gemini: ['gemini', { model: 'gemini-3-pro' }],
  converse: ['converse', { model: 'amazon.nova-pro-v1:0' }],
};

interface Written {
  readonly text: string;
  readonly told: readonly string[];
}

async function writtenFor(api: ClientApi, target: string, body: object): Promise<Written> {
  const [to, more] = TARGETS[target] ?? ['chat', {}];
  const { text, losses, unsuitable } = await playRequest([api, to], body, more);
  return { text, told: unsuitable === undefined ? losses : [`meaning ${unsuitable}`] };
}

function carriedBy(carriage: 'bedrock' | 'vertex', body: object): Written {
  const model = carriage === 'bedrock' ? 'anthropic.claude-sonnet-5-v1:0' : 'claude-sonnet-5';
  const done = carry(
    new TextEncoder().encode(JSON.stringify(body)),
    { carriage, model },
    { operation: 'generate' },
  );
  const told = done.losses.all().map(({ what, path }) => `${what} ${path}`);
  return { text: new TextDecoder().decode(done.body), told };
}

/** Whether a member reaches the provider in some form, or is told. */
function arrives(name: string, { path }: Place, [without, having]: readonly [Written, Written]): boolean {
  return (
    without.text !== having.text ||
    having.told.some(
      (told) =>
        told.includes(name) || !without.told.includes(told) || (path !== '' && told.endsWith(` ${path}`)),
    )
  );
}

/** The optional members of a place, each with the examples to try. */
function triesOf({
  file,
  name,
  takes,
  samples,
}: Place): readonly (readonly [name: string, sample: unknown])[] {
  return sdkMembers(file, name)
    .filter((member) => member.optional && takes?.(member.name) !== false)
    .flatMap((member) => {
      const examples = samples[member.name] ?? samplesOf(member.type);
      if (examples === undefined) throw new Error(`no example of ${name}.${member.name}: ${member.type}`);
      return examples.map((sample) => [member.name, sample] as const);
    });
}

test.each(
  [...OPENAI_PLACES, ...OTHER_PLACES].map((place) => [`${place.api}: ${place.name}`, place] as const),
)('each member of %s arrives in some form, or is told as a loss', async (_, place) => {
  const tries = triesOf(place);
  expect(tries.length).toBeGreaterThan(0);
  const targets = Object.keys(TARGETS).filter((key) => TARGETS[key]?.[0] !== place.api);
  const lost = await Promise.all(
    tries.flatMap(([name, sample]) =>
      targets.map(async (target) => {
        const without = await writtenFor(place.api, target, place.body({}));
        const having = await writtenFor(place.api, target, place.body({ [name]: sample }));
        if (arrives(name, place, [without, having])) return undefined;
        return { name, how: `${name} = ${JSON.stringify(sample)} at ${target}` };
      }),
    ),
  );
  const silent = lost.filter((each) => each !== undefined);
  expect(silent.filter(({ name }) => place.silent?.[name] === undefined).map(({ how }) => how)).toEqual([]);
  expect(
    Object.keys(place.silent ?? {}).filter((name) => !silent.some((each) => each.name === name)),
  ).toEqual([]);
});

/** The members of the Messages API that the clouds know, too. */
const CARRIED: ReadonlySet<string> = new Set(
  'max_tokens messages metadata output_config stop_sequences system temperature thinking tool_choice tools top_k top_p'.split(
    ' ',
  ),
);

test.each(['bedrock', 'vertex'] as const)(
  'each member of Messages is known to %s, cut, or told',
  (carriage) => {
    const files = ['messages/messages.d.ts', 'beta/messages/messages.d.ts'];
    const members = files.flatMap((file) =>
      sdkMembers(
        `@anthropic-ai/sdk/resources/${file}`,
        file.startsWith('beta') ? 'MessageCreateParamsBase' : 'MessageCreateParamsBase',
      ),
    );
    const passed = members
      .map(({ name }) => name)
      .filter((name) => !CARRIED.has(name) && name !== 'model' && name !== 'stream' && name !== 'betas')
      .filter((name) => {
        const messages = [{ role: 'user', content: 'x' }];
        const { text, told } = carriedBy(carriage, {
          max_tokens: 9,
          messages,
          [name]: name === 'cache_control' ? { type: 'ephemeral' } : 'x',
        });
        return name in JSON.parse(text) || (name !== 'cache_control' && told.length === 0);
      });
    expect(passed).toEqual([]);
  },
);
