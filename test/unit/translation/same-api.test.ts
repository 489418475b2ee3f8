import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { splice } from '../../../src/lib/splice.ts';
import { envelopeOf } from '../../../src/translation/envelope.ts';
import { repairOf, type SameApiTarget } from '../../../src/translation/same-api/repair-body.ts';

const CLAUDE: SameApiTarget = {
  api: 'messages',
  provider: 'p',
  model: 'claude-opus-4-8',
  dialect: 'generic',
};
const KIMI: SameApiTarget = { ...CLAUDE, model: 'kimi-k2' };
const RESPONSES: SameApiTarget = { api: 'responses', provider: 'p', model: 'gpt-5-6', dialect: 'openai' };
const CHAT: SameApiTarget = { api: 'chat', provider: 'p', model: 'gpt-5-6', dialect: 'openai' };
const GEMINI: SameApiTarget = { api: 'gemini', provider: 'p', model: 'gemini-3.5-flash', dialect: 'generic' };

const encoded = (text: string) => new TextEncoder().encode(text);

/** The body as sent; 'same' if it is unchanged. */
function repaired(body: string, target: SameApiTarget) {
  const bytes = encoded(body);
  const repair = repairOf(bytes, target);
  if (repair === undefined) return { text: 'same', losses: [] };
  const text = new TextDecoder().decode(splice(bytes, repair.edits));
  return { text, losses: repair.losses.map(({ what, path }) => `${what} ${path}`) };
}

const gemini = envelopeOf({ origin: 'gemini', provider: 'g', payload: 'AAA' }) ?? '';
const anthropic = envelopeOf({ origin: 'anthropic', provider: 'a', payload: 'sig+/=' }) ?? '';
const redacted = envelopeOf({ origin: 'anthropic', provider: 'a', payload: 'dat' }, true) ?? '';
const openai = (provider: string) =>
  envelopeOf({ origin: 'openai', provider, payload: 'enc', itemId: 'rs_real' }) ?? '';

describe('Messages', () => {
  const body = (blocks: string) =>
    `{"x":1.0,"messages":[{"role":"user","content":"llmp1."},{"role":"assistant", "content": [${blocks}] },{"role":"user","content":[]}]}`;
  const think = (signature: string) =>
    `{"type":"thinking","thinking":"T \\u00e9","signature":"${signature}"}`;
  const ok = '{ "type":"text","text":"ok"}';

  test.each([
    [`${think(gemini)} , ${ok}`, ok],
    [`${ok}, ${think(gemini)}`, ok],
    [`${think(gemini)},${ok},${think('')},${think(openai('p'))},${ok}`, `${ok},${ok}`],
    [`${think(anthropic)},${ok}`, `${think('sig+/=')},${ok}`],
    [`${think(redacted)},${ok}`, `{"type":"redacted_thinking","data":"dat"},${ok}`],
    [`{"type":"redacted_thinking","data":"${redacted}"}`, '{"type":"redacted_thinking","data":"dat"}'],
    [`${think('llmp1.zz.broken')},${ok}`, ok],
    [`{"signature" : "" ,"thinking":"x","type":"thinking"},${ok}`, ok],
    [`{"type":"think\\u0069ng","thinking":"x","signature":"${gemini}"},${ok}`, ok],
  ])('%s', (blocks, left) => {
    expect(repaired(body(blocks), CLAUDE).text).toBe(body(left));
  });

  test('texts about envelopes, real signatures, and thinking without a signature for other models stay', () => {
    expect(repaired(body(`${think('EqRk')},{"type":"text","text":"${gemini}"}`), CLAUDE).text).toBe('same');
    expect(repaired(body(`${think('')},${ok}`), KIMI).text).toBe('same');
    expect(repaired(body(`${think('')},${think(gemini)}`), KIMI).text).toBe(body(think('')));
  });

  test('a message that would be empty is removed', () => {
    const done = repaired(body(`${think(gemini)},${think('')}`), CLAUDE);
    expect(done.text).toBe(
      '{"x":1.0,"messages":[{"role":"user","content":"llmp1."},{"role":"user","content":[]}]}',
    );
    expect(done.losses).toEqual(['repaired messages[1].content[0]', 'repaired messages[1].content[1]']);
  });
});

describe('Responses', () => {
  const body = (items: string) => `{"reasoning":{"effort":"low"},"input":[${items}],"zz":1.0}`;
  const user = '{"role":"user","content":"reasoning"}';
  const item = (rest: string) => `{"type":"reasoning","summary":[]${rest}}`;

  test.each([
    [item(`,"encrypted_content":"${openai('other')}"`), ''],
    [item(`,"encrypted_content":"${gemini}"`), ''],
    [
      item(`,"id":"rs_x_0","encrypted_content":"${openai('p')}"`),
      item(',"id":"rs_real","encrypted_content":"enc"'),
    ],
    [
      item(`,"encrypted_content":"${openai('p')}"`),
      `{"id":"rs_real",${item(',"encrypted_content":"enc"').slice(1)}`,
    ],
    [item(',"id":"rs_0123abcd_3"'), ''],
    [item(',"id":"rs_0123abcd_3","encrypted_content":null'), ''],
    [item(''), ''],
  ])('%s', (given, left) => {
    expect(repaired(body(`${user},${given}`), RESPONSES).text).toBe(
      body(left === '' ? user : `${user},${left}`),
    );
  });

  test('items that OpenAI knows stay, and so do unsealed ones for other servers', () => {
    expect(repaired(body(`${item(',"id":"rs_68af0123"')},${user}`), RESPONSES).text).toBe('same');
    expect(repaired(body(`${item(',"encrypted_content":"gAAA"')},${user}`), RESPONSES).text).toBe('same');
    expect(repaired(body(item('')), { ...RESPONSES, dialect: 'vllm' }).text).toBe('same');
    expect(repaired(body(item('')), RESPONSES).text).toBe(body(''));
    expect(repaired('{"input":"reasoning \\"reasoning\\""}', RESPONSES).text).toBe('same');
  });
});

describe('Chat', () => {
  const assistant = (members: string) =>
    `{"messages":[{"role":"assistant"${members}},{"role":"tool","tool_call_id":"c__ts1_AA","content":"__ts1_"}]}`;
  const call = (id: string, more = '') =>
    `,"tool_calls":[{"id":"${id}","function":{"name":"f","arguments":"{\\"reasoning_content\\":1}"}${more}}]`;

  test('a strict server gets no unknown members, and short ids', () => {
    const given = assistant(
      `,"reasoning_details":[{"a":1}],"content":"reasoning_content","reasoning_content":"x"${call('c__ts1_AA', ',"extra_content":{}')}`,
    );
    const done = repaired(given, CHAT);
    expect(done.text).toBe(assistant(`,"content":"reasoning_content"${call('c')}`).replace('c__ts1_AA', 'c'));
    expect(done.losses).toEqual(['repaired messages[0]', 'repaired messages[1]']);
  });

  test('ids have the form that the server requires', () => {
    const long = `call_${'a'.repeat(50)}__ts1_AA`;
    expect(repaired(assistant(call(long)), CHAT).text).toMatch(/"id":"call_[0-9A-Za-z]{11}"/);
    const mistral = repaired(assistant(call('c__ts1_AA')), { ...CHAT, dialect: 'mistral' }).text;
    const [, id] = /"id":"([0-9A-Za-z]{9})"/.exec(mistral) ?? [];
    expect(mistral).toContain(`"tool_call_id":"${id}"`);
  });

  test('other servers keep everything but envelopes', () => {
    const own = '{"type":"reasoning.text","text":"t","signature":"s"}';
    const foreign = `{"type":"reasoning.encrypted","data":"${openai('p')}"}`;
    const vllm: SameApiTarget = { ...CHAT, dialect: 'openrouter' };
    const details = (list: string) => assistant(`,"reasoning_details":[${list}]${call('c__ts1_AA')}`);
    expect(repaired(details(own), vllm).text).toBe('same');
    expect(repaired(details(`${foreign},${own}`), vllm).text).toBe(details(own));
    expect(repaired(details(foreign), vllm).text).toBe(assistant(call('c__ts1_AA')));
  });

  test('a mere mention in a text changes nothing', () => {
    expect(
      repaired('{"messages":[{"role":"user","content":"\\"reasoning_content\\" __ts1_x"}]}', CHAT).text,
    ).toBe('same');
  });
});

describe('Gemini', () => {
  const body = (part: string) => `{"contents":[{"role":"model","parts":[{"text":"a"},${part}]}]}`;
  const call = '"functionCall":{"name":"f"}';
  test.each([
    [`{${call},"thoughtSignature":"${gemini}"}`, `{${call},"thoughtSignature":"AAA"}`],
    [
      `{${call},"thoughtSignature":"${anthropic}"}`,
      `{${call},"thoughtSignature":"skip_thought_signature_validator"}`,
    ],
    [`{"thought_signature":"${anthropic}","text":"b"}`, '{"text":"b"}'],
  ])('%s', (part, left) => {
    expect(repaired(body(part), GEMINI).text).toBe(body(left));
  });

  test('models before Gemini 3 need no placeholder for a missing signature', () => {
    const old = { ...GEMINI, model: 'gemini-2.5-pro' };
    expect(repaired(body(`{${call},"thoughtSignature":"${anthropic}"}`), old).text).toBe(body(`{${call}}`));
  });
});

test('the rest is valid JSON and unchanged', () => {
  const block = fc.oneof(
    fc.record({ type: fc.constant('text'), text: fc.string() }),
    fc.record({
      type: fc.constant('thinking'),
      thinking: fc.string(),
      signature: fc.constantFrom('', gemini, 'EqQ'),
    }),
  );
  const message = fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.array(block) });
  const space = fc.constantFrom(undefined, 1, '\t');
  fc.assert(
    fc.property(
      fc.array(message),
      fc.dictionary(fc.string(), fc.jsonValue()),
      space,
      (messages, rest, indent) => {
        const isKept = (each: { type: string; signature?: string }) =>
          each.type !== 'thinking' || each.signature === 'EqQ';
        const kept = messages
          .filter(({ content }) => content.length === 0 || content.some(isKept))
          .map(({ role, content }) => ({ role, content: content.filter(isKept) }));
        const given = JSON.stringify({ ...rest, messages }, null, indent);
        const { text } = repaired(given, CLAUDE);
        const changed = messages.some(({ content }) => !content.every(isKept));
        if (changed)
          expect(JSON.parse(text)).toEqual({
            ...(JSON.parse(JSON.stringify(rest)) as object),
            messages: kept,
          });
        else expect(text).toBe('same');
      },
    ),
  );
});

test('a body without a mark is searched but not parsed', () => {
  const turn = `{"role":"assistant","content":[{"type":"thinking","thinking":"${'a '.repeat(500)}","signature":"EqQ"}]}`;
  const body = encoded(`{"messages":[${Array.from({ length: 1000 }, () => turn).join(',')}]}`);
  expect(repairOf(body, CLAUDE)).toBeUndefined();
  // The JSON is broken, so walking it would throw. The search must make that unnecessary.
  expect(repairOf(encoded('{"messages":[{]'), CLAUDE)).toBeUndefined();
});
