import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { envelopeOf } from '../../../src/translation/envelope.ts';
import { cleanChat, cleanMessages, cleanResponses } from '../../../src/translation/same-api.ts';
import type { GoldenCase } from './golden-case.ts';

const FOLDER = join(import.meta.dir, '..', '..', 'golden', 'translation');
const OWNER = { provider: 'p1', refusesUnsealed: true };
const OTHER = { provider: 'p1', refusesUnsealed: false };

async function golden(name: string): Promise<GoldenCase> {
  return (await Bun.file(join(FOLDER, `${name}.json`)).json()) as GoldenCase;
}

const turn = (...blocks: object[]) =>
  `{"messages": [ {"role":"assistant","content":${JSON.stringify(blocks)}} ],"zz":1.0}`;
const text = { type: 'text', text: 'ok' };
const thinking = (signature: string) => ({ type: 'thinking', thinking: 'T', signature });

describe('a body of the same API', () => {
  test.each([
    ['messages-messages-foreign-envelope', (body: string) => cleanMessages(body, OWNER)],
    ['chat-chat-foreign-extensions', cleanChat],
  ] as const)('%s', async (name, clean) => {
    const { request_raw = '', target, expected_upstream_contains, expected_losses } = await golden(name);
    const cleaned = clean(request_raw);
    expect([cleaned.text.replace('"smart"', `"${target.model}"`)]).toEqual([
      ...(expected_upstream_contains ?? []),
    ]);
    expect(cleaned.repaired.map((path) => `repaired ${path}`)).toEqual([...(expected_losses ?? [])]);
  });

  test('runs of foreign blocks go with their commas, wherever they stand', () => {
    const foreign = thinking('llmp1.ge.eyJzIjoieCJ9');
    for (const blocks of [
      [foreign, foreign, text],
      [text, foreign, foreign],
      [text, foreign, text],
      [foreign, text, foreign, foreign],
    ]) {
      const cleaned = cleanMessages(turn(...blocks), OWNER).text;
      expect(cleaned).toBe(turn(...blocks.filter((block) => block === text)));
    }
  });

  test('a turn of which nothing is left goes as a whole', () => {
    const cleaned = cleanMessages(turn(thinking('')), OWNER);
    expect(cleaned).toEqual({ text: '{"messages": [  ],"zz":1.0}', repaired: ['messages[0].content[0]'] });
  });

  test('Anthropic’s own envelope is unwrapped in place; blocks without a seal stay where they are wanted', () => {
    const own = envelopeOf({ origin: 'anthropic', provider: 'x', payload: 'Sig==' }) ?? '';
    expect(cleanMessages(turn(thinking(own), text), OWNER).text).toBe(turn(thinking('Sig=='), text));
    const redacted = envelopeOf({ origin: 'anthropic', provider: 'x', payload: 'RED' }, true) ?? '';
    expect(cleanMessages(turn({ type: 'redacted_thinking', data: redacted }), OWNER).text).toBe(
      turn({ type: 'redacted_thinking', data: 'RED' }),
    );
    expect(cleanMessages(turn(thinking(''), text), OTHER).repaired).toEqual([]);
    expect(cleanMessages(turn(thinking('Raw=='), text), OWNER).repaired).toEqual([]);
  });

  test('Responses: this provider’s own items are as they were, others go', () => {
    const seal = (provider: string) =>
      envelopeOf({ origin: 'openai', provider, payload: 'gAAA', itemId: 'rs_9' });
    const item = (id: string, encrypted_content?: string) => ({
      type: 'reasoning',
      id,
      summary: [],
      encrypted_content,
    });
    const body = (...items: object[]) =>
      JSON.stringify({ model: 'm', input: [{ role: 'user', content: 'x' }, ...items] });
    const given = body(
      item('rs_g_0', seal('p1')),
      item('rs_g_1', seal('p2')),
      item('rs_g_2'),
      item('rs_0abc', 'raw'),
      item('rs_0abd'),
    );
    const cleaned = cleanResponses(given, OWNER);
    expect(cleaned.text).toBe(body(item('rs_9', 'gAAA'), item('rs_0abc', 'raw'), item('rs_0abd')));
    expect(cleaned.repaired).toEqual(['input[1]', 'input[2]', 'input[3]']);
  });

  test('a body without anything foreign is the same text', () => {
    const body = ' {"messages":[{"role":"user","content":"x"}], "a":[1 ,2]}';
    for (const cleaned of [cleanMessages(body, OWNER), cleanChat(body), cleanResponses(body, OWNER)]) {
      expect(cleaned).toEqual({ text: body, repaired: [] });
    }
  });
});
