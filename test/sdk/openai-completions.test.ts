import { expect, test } from 'bun:test';
import { atProvider, throughGateway } from './openai-client.ts';
import { collected, startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);
const provider = atProvider(stage);

const PROMPT = { prompt: ['Once upon a time', 'Es war einmal'], max_tokens: 15 };

test('a legacy completion is the one that the provider gave', async () => {
  const completion = await client.completions.create({ model: 'acme/chat', ...PROMPT });
  const direct = await provider.completions.create({ model: 'mock-chat', ...PROMPT });
  expect(completion).toEqual(direct);
  expect(completion.choices[0]?.text.split(' ')).toHaveLength(15);
  expect((await stage.ended())[0]?.usage?.outputTokens).toBe(15);
});

test('a streamed legacy completion that asks for usage arrives as the provider sent it', async () => {
  const request = { ...PROMPT, stream: true, stream_options: { include_usage: true } } as const;
  const chunks = await collected(await client.completions.create({ model: 'acme/chat', ...request }));
  const direct = await collected(await provider.completions.create({ model: 'mock-chat', ...request }));
  expect(chunks).toEqual(direct);
  expect(chunks.at(-1)?.usage?.completion_tokens).toBe(15);
});

test('a streamed legacy completion shows no usage that nobody asked for, and it is counted', async () => {
  const stream = await client.completions.create({ model: 'acme/chat', ...PROMPT, stream: true });
  const chunks = await collected(stream);
  const text = chunks.map(({ choices }) => choices[0]?.text ?? '').join('');
  expect(text.split(' ')).toHaveLength(15);
  expect(chunks.filter(({ usage, choices }) => usage || choices.length === 0)).toEqual([]);
  const [ended] = await stage.ended();
  expect(ended).toMatchObject({ ending: 'complete', usage: { outputTokens: 15 } });
});
