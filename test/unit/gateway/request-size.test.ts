import { expect, test } from 'bun:test';
import { mediaIn, mediaInSlices } from '../../../src/gateway/limits/request-media.ts';
import { type SizedRequest, sizeOf } from '../../../src/gateway/limits/request-size.ts';

async function size(body: object | string): Promise<SizedRequest> {
  return sizeOf(new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)), true);
}

const BLOB = 'iVBORw0KGgo'.repeat(1_000);

test('the most tokens of an answer are found in every API', async () => {
  for (const body of [
    { max_tokens: 77 },
    { max_completion_tokens: 77 },
    { max_output_tokens: 77 },
    { generationConfig: { maxOutputTokens: 77 } },
    '{"max_tokens":5,"max_tokens":77}',
    '{"max\\u005ftokens":77}',
  ])
    expect((await size(body)).askedTokens).toBe(77);
  for (const body of [
    {},
    { max_tokens: null },
    { max_tokens: 'many' },
    { max_tokens: -1 },
    { metadata: { max_tokens: 1 } },
  ])
    expect((await size(body)).askedTokens).toBeUndefined();
});

test('several answers and the tier are found', async () => {
  expect(await size({ n: 3, service_tier: 'priority' })).toMatchObject({ answers: 3, tier: 'priority' });
  expect((await size({ generationConfig: { candidateCount: 2 } })).answers).toBe(2);
});

test('encoded images and recordings are no text', async () => {
  const bodies = {
    chat: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${BLOB}` } }],
    responses: [{ type: 'input_image', image_url: `data:image/png;base64,${BLOB}` }],
    messages: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: BLOB } }],
    gemini: [{ inlineData: { mimeType: 'image/png', data: BLOB } }],
  };
  for (const [api, content] of Object.entries(bodies)) {
    const { images, textBytes } = await size({ messages: [{ role: 'user', content }] });
    expect({ api, images, isText: textBytes > 500 }).toEqual({ api, images: 1, isText: false });
  }
  const audio = await size({
    messages: [{ content: [{ type: 'input_audio', input_audio: { data: BLOB, format: 'mp3' } }] }],
  });
  expect([audio.images, audio.textBytes < 500]).toEqual([0, true]);
  expect(audio.audioSeconds).toBeCloseTo((BLOB.length * 0.75) / 16_000, 3);
});

test('an image by URL counts as an image, and text in a member "data" as text', async () => {
  expect(
    (await size({ content: [{ type: 'image_url', image_url: { url: 'https://a.test/b.png' } }] })).images,
  ).toBe(1);
  const text = 'This is a sentence. '.repeat(100);
  expect((await size({ data: text })).textBytes).toBeGreaterThan(2_000);
});

test('a large body gives the same as a small one', async () => {
  const body = { max_tokens: 9, messages: [{ role: 'user', content: 'word '.repeat(400_000) }] };
  const { askedTokens, textBytes } = await size(body);
  expect([askedTokens, textBytes]).toEqual([9, JSON.stringify(body).length]);
});

test('a number that no provider accepts is not held as it stands, since its sums would not be exact', async () => {
  const asked = { max_tokens: 1e300, n: 1e21 };
  expect(await size(asked)).toMatchObject({ askedTokens: 1e9, answers: 1e6 });
  const generationConfig = { maxOutputTokens: 2 ** 60, candidateCount: 1e308 };
  expect(await size({ generationConfig })).toMatchObject({ askedTokens: 1e9, answers: 1e6 });
});

test.each([
  [{ modalities: ['text', 'audio'] }, true],
  [{ modalities: ['text'] }, false],
  [{ generationConfig: { responseModalities: ['IMAGE'] } }, true],
  [{}, false],
] as const)('the answer to %j may be more than text: %p', async (body, isMore) => {
  const size = await sizeOf(Buffer.from(JSON.stringify(body)), true);
  expect(size.hasMediaOutput === true).toBe(isMore);
});

test('files are the same wherever a body is cut into slices', () => {
  const url = { type: 'image_url', image_url: { url: 'https://a.test/b.png' } };
  const long = BLOB.slice(0, 100);
  const source = { type: 'base64', media_type: 'application/pdf', data: long };
  const audio = { type: 'input_audio', input_audio: { data: long, format: 'audio/mp3' } };
  const parts = [url, { type: 'image', source }, { url: `data:image/png;base64,${long}` }, audio, url];
  for (const text of [JSON.stringify({ content: parts }), `{"data":"${long}`, '"data":"'.repeat(30)]) {
    const body = Buffer.from(text);
    for (let sliceBytes = 1; sliceBytes <= body.length + 1; sliceBytes++) {
      const search = mediaInSlices(body, sliceBytes);
      let found = search();
      for (let left = 10 * body.length; left > 0 && found === undefined; left--) found = search();
      expect(found).toEqual(mediaIn(body));
    }
  }
  expect(mediaIn(Buffer.from(JSON.stringify({ content: parts }))).images).toBeGreaterThan(2);
});
