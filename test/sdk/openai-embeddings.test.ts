import { expect, test } from 'bun:test';
import { atProvider, throughGateway } from './openai-client.ts';
import { startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);
const provider = atProvider(stage);

const INPUT = ['first text', 'zweiter Text', '三番目'];

test('embeddings come back as numbers, although the client asks for base64 by itself', async () => {
  const embeddings = await client.embeddings.create({ model: 'acme/embed', input: INPUT, dimensions: 64 });
  expect(new TextDecoder().decode(stage.attempt().body)).toContain('"encoding_format":"base64"');
  const direct = await provider.embeddings.create({ model: 'mock-embed', input: INPUT, dimensions: 64 });
  expect(embeddings).toEqual(direct);
  expect(embeddings.data.map(({ embedding }) => embedding.length)).toEqual([64, 64, 64]);
  expect(Math.hypot(...(embeddings.data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
});

test('embeddings asked for as floats are the same numbers', async () => {
  const floats = await client.embeddings.create({
    model: 'acme/embed',
    input: INPUT,
    encoding_format: 'float',
  });
  const decoded = await client.embeddings.create({ model: 'acme/embed', input: INPUT });
  expect(floats.data.map(({ embedding }) => embedding)).toEqual(
    decoded.data.map(({ embedding }) => embedding),
  );
});

test('the tokens of embeddings are counted', async () => {
  const { usage } = await client.embeddings.create({ model: 'acme/embed', input: INPUT });
  const [ended] = await stage.ended();
  expect(usage.prompt_tokens).toBe(5);
  expect(ended).toMatchObject({ model: 'acme/embed', usage: { inputTokens: 5, totalTokens: 5 } });
});
