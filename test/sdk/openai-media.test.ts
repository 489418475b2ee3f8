import { describe, expect, test } from 'bun:test';
import { toFile } from 'openai';
import { atProvider, throughGateway } from './openai-client.ts';
import { rejection, type Stage, startStage, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(startStage());
const client = throughGateway(stage);

/** Every byte, line ends, and text that looks like another part of the form with another model. */
const TRAP = '\r\n--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nother\r\n--x--\r\n';
const SOUND = Buffer.concat([
  Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff)),
  Buffer.from(TRAP),
]);

describe('audio', () => {
  test('an upload reaches the provider whole, under the provider’s name for the model', async () => {
    const transcription = await client.audio.transcriptions.create({
      model: 'acme/whisper',
      file: await toFile(SOUND, 'größe "1".mp3', { type: 'audio/mpeg' }),
      language: 'de',
      prompt: 'Grüße aus 東京',
    });
    expect(transcription.text.split(' ')).toHaveLength(20);
    const form = await formOf(stage);
    expect([...form.keys()].sort()).toEqual(['file', 'language', 'model', 'prompt']);
    expect([form.get('model'), form.get('language'), form.get('prompt')]).toEqual([
      'mock-whisper',
      'de',
      'Grüße aus 東京',
    ]);
    const file = form.get('file') as File;
    expect(file.type).toBe('audio/mpeg');
    expect(Buffer.from(await file.arrayBuffer()).equals(SOUND)).toBe(true);
  });

  test("only the model's bytes of an upload are changed", async () => {
    let sent = '';
    let contentType = '';
    const recording = throughGateway(stage, {
      fetch: async (url, init) => {
        const request = url instanceof Request ? url : new Request(new URL(url).href, init ?? {});
        contentType = request.headers.get('content-type') ?? '';
        sent = Buffer.from(await request.clone().arrayBuffer()).toString('latin1');
        return fetch(request);
      },
    });
    await recording.audio.transcriptions.create({
      model: 'acme/whisper',
      file: await toFile(SOUND, 'a.mp3'),
    });
    const attempt = stage.attempt();
    expect(attempt.headers['content-type']).toBe(contentType);
    const expected = sent.replace('\r\nacme/whisper\r\n', '\r\nmock-whisper\r\n');
    expect(expected).not.toBe(sent);
    expect(Buffer.from(attempt.body).equals(Buffer.from(expected, 'latin1'))).toBe(true);
  });

  test('a transcription as plain text comes back as text', async () => {
    const text = await client.audio.transcriptions.create({
      model: 'acme/whisper',
      file: await toFile(SOUND, 'a.mp3'),
      response_format: 'text',
    });
    expect(text.trim().split(' ')).toHaveLength(20);
  });

  test('a translation is routed like a transcription', async () => {
    await client.audio.translations.create({ model: 'acme/whisper', file: await toFile(SOUND, 'a.mp3') });
    expect(stage.attempt()).toMatchObject({ path: '/v1/audio/translations', model: 'mock-whisper' });
  });

  test('speech comes back byte for byte with its content type', async () => {
    const request = { voice: 'alloy', input: 'A longer text to read out loud, word by word.' };
    const response = await client.audio.speech.create({ model: 'acme/voice', ...request });
    const direct = await atProvider(stage).audio.speech.create({ model: 'mock-voice', ...request });
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(10 * 256);
    expect(bytes.equals(Buffer.from(await direct.arrayBuffer()))).toBe(true);
    expect((await stage.ended())[0]?.ending).toBe('complete');
  });
});

test('generated images come back as they are', async () => {
  const request = { prompt: 'A lighthouse', n: 2 };
  const images = await client.images.generate({ model: 'acme/paint', ...request });
  expect(stage.attempt().model).toBe('mock-paint');
  expect(images).toEqual(await atProvider(stage).images.generate({ model: 'mock-paint', ...request }));
  expect(images.data).toHaveLength(2);
});

test('moderations are routed by their model', async () => {
  const { results, model } = await client.moderations.create({
    model: 'acme/judge',
    input: ['kindness', 'violence'],
  });
  expect(model).toBe('mock-judge');
  expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
});

describe('files', () => {
  test('they are listed at the provider that a default header names', async () => {
    const named = throughGateway(stage, { defaultHeaders: { 'x-llm-proxy-provider': 'main' } });
    const names: string[] = [];
    for await (const file of named.files.list()) names.push(file.filename);
    expect(names).toEqual(['mock.jsonl']);
    const { headers, method } = stage.attempt();
    expect(method).toBe('GET');
    expect(headers['authorization']).toBe(`Bearer ${UPSTREAM_KEY}`);
  });

  test('they are uploaded to the provider that a default header names', async () => {
    const named = throughGateway(stage, { defaultHeaders: { 'x-llm-proxy-provider': 'main' } });
    const file = await named.files.create({ file: await toFile(SOUND, 'data.bin'), purpose: 'user_data' });
    expect(file).toMatchObject({ bytes: SOUND.length, filename: 'data.bin', purpose: 'user_data' });
    const form = await formOf(stage);
    expect(Buffer.from(await (form.get('file') as File).arrayBuffer()).equals(SOUND)).toBe(true);
  });

  test('without the header they are listed at the only provider', async () => {
    expect((await client.files.list()).data.map(({ filename }) => filename)).toEqual(['mock.jsonl']);
  });

  test('a key with a list of models may not name a provider', async () => {
    const narrow = throughGateway(stage, {
      apiKey: 'mk-narrow',
      defaultHeaders: { 'x-llm-proxy-provider': 'main' },
    });
    expect(await rejection(narrow.files.list())).toMatchObject({ status: 403, code: 'path_not_allowed' });
    expect(stage.simulator.attempts).toEqual([]);
  });
});

/** The form that the provider received, as an independent parser reads it. */
function formOf({ attempt }: Stage): ReturnType<Response['formData']> {
  const { body, headers } = attempt();
  const contentType = headers['content-type'] ?? '';
  return new Response(Buffer.from(body), { headers: { 'content-type': contentType } }).formData();
}
