import { expect, test } from 'bun:test';
import { NotFoundError } from 'openai';
import { throughGateway } from './openai-client.ts';
import { collected, rejection, startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);

test('the models are listed by their public names, sorted, without asking a provider', async () => {
  const models = await collected(client.models.list());
  expect(models.map(({ id }) => id)).toEqual([
    'acme/chat',
    'acme/embed',
    'acme/judge',
    'acme/paint',
    'acme/voice',
    'acme/whisper',
  ]);
  expect(models[0]).toMatchObject({ object: 'model', owned_by: 'main' });
  expect(Math.abs((models[0]?.created ?? 0) - Date.now() / 1000)).toBeLessThan(600);
  expect(stage.simulator.attempts).toEqual([]);
});

test('a model is found by an id with a slash in it', async () => {
  const model = await client.models.retrieve('acme/chat');
  expect(model).toMatchObject({ id: 'acme/chat', object: 'model' });
});

test('a model that does not exist is not found', async () => {
  const error = await rejection(client.models.retrieve('acme/none'));
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ code: 'model_not_found', param: 'model' });
});

test('a key sees only the models that it may use', async () => {
  const narrow = throughGateway(stage, { apiKey: 'mk-narrow' });
  const models = await collected(narrow.models.list());
  expect(models.map(({ id }) => id)).toEqual(['acme/chat']);
  expect(await rejection(narrow.models.retrieve('acme/embed'))).toBeInstanceOf(NotFoundError);
});
