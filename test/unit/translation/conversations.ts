import * as fc from 'fast-check';

/** Bodies and answers of random conversations, for the properties of the translation. */

const word = fc.constantFrom(
  'Oslo',
  'ça va',
  '😀 ok',
  'line\nbreak',
  '"quoted" \\ text',
  'a',
  '<b>&amp;</b>',
);
const args = fc
  .dictionary(
    fc.constantFrom('city', 'n', 'deep', '__x'),
    fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null)),
  )
  .map((value) => JSON.stringify(value));
const TOOL = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather', parameters: { type: 'object', properties: {} } },
};

type Message = Record<string, unknown>;

const userMessage: fc.Arbitrary<Message[]> = fc.oneof(
  word.map((text) => [{ role: 'user', content: text }]),
  fc
    .array(word, { minLength: 2, maxLength: 3 })
    .map((texts) => [{ role: 'user', content: texts.map((text) => ({ type: 'text', text })) }]),
);

const plainTurn: fc.Arbitrary<Message[]> = word.map((text) => [{ role: 'assistant', content: text }]);

const callTurn: fc.Arbitrary<Message[]> = fc
  .tuple(
    fc.option(word, { nil: null }),
    fc.array(fc.tuple(args, word), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 0, max: 9999 }),
  )
  .map(([text, calls, base]) => [
    {
      role: 'assistant',
      content: text,
      tool_calls: calls.map(([json], index) => ({
        id: `call_${base}_${index}`,
        type: 'function',
        function: { name: 'get_weather', arguments: json },
      })),
    },
    ...calls.map(([, result], index) => ({
      role: 'tool',
      tool_call_id: `call_${base}_${index}`,
      content: result,
    })),
  ]);

/** A Chat request that Messages can express without a loss: alternating turns, and calls with their results. */
export const chatRequest = fc
  .tuple(
    fc.option(word, { nil: undefined }),
    fc.array(fc.tuple(userMessage, fc.oneof(plainTurn, callTurn)), { minLength: 1, maxLength: 5 }),
    word,
  )
  .map(([system, rounds, last]) => ({
    model: 'smart',
    max_tokens: 100,
    tools: [TOOL],
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...rounds.flatMap(([user, given], round) => {
        const assistant = withIds(given, round);
        const endsWithResults = assistant.at(-1)?.['role'] === 'tool';
        return [...user, ...assistant, ...(endsWithResults ? [{ role: 'assistant', content: 'So.' }] : [])];
      }),
      { role: 'user', content: last },
    ],
  }));

/** The messages with ids that no other round has. */
function withIds(messages: Message[], round: number): Message[] {
  return JSON.parse(JSON.stringify(messages).replaceAll('"call_', `"call_${round}_`)) as Message[];
}

/** The content blocks of a whole Anthropic answer. */
const block = fc.oneof(
  word.map((text) => ({ type: 'text', text })),
  fc
    .tuple(word, fc.constantFrom('SigA==', 'SigB=='))
    .map(([thinking, signature]) => ({ type: 'thinking', thinking, signature })),
  fc.constant({ type: 'redacted_thinking', data: 'RED' }),
);

export const messagesAnswer = fc
  .tuple(fc.array(block, { maxLength: 4 }), fc.array(args, { maxLength: 3 }))
  .map(([blocks, calls]) => ({
    id: 'msg_up',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-4-8',
    content: [
      ...blocks,
      ...calls.map((json, index) => ({
        type: 'tool_use',
        id: `toolu_${index}`,
        name: 'get_weather',
        input: JSON.parse(json) as unknown,
      })),
    ],
    stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 7, cache_read_input_tokens: 3 },
  }));

/** The events with which Anthropic streams such an answer, with texts in pieces. */
export function messagesEvents(answer: {
  content: readonly Record<string, unknown>[];
  stop_reason: string;
  usage: object;
}) {
  const events: Record<string, unknown>[] = [
    { type: 'message_start', message: { ...answer, content: [], stop_reason: null } },
  ];
  const pieces = (text: string) => text.match(/[\s\S]{1,3}/gu) ?? [];
  answer.content.forEach((given, index) => {
    const { type } = given;
    const empty: Record<string, unknown> = { ...given };
    if (type === 'text') empty['text'] = '';
    if (type === 'thinking') Object.assign(empty, { thinking: '', signature: '' });
    if (type === 'tool_use') empty['input'] = {};
    events.push({ type: 'content_block_start', index, content_block: empty });
    const delta = (inner: object) => events.push({ type: 'content_block_delta', index, delta: inner });
    if (type === 'text')
      for (const text of pieces(String(given['text']))) delta({ type: 'text_delta', text });
    if (type === 'thinking') {
      for (const thinking of pieces(String(given['thinking']))) delta({ type: 'thinking_delta', thinking });
      delta({ type: 'signature_delta', signature: given['signature'] });
    }
    if (type === 'tool_use') {
      for (const partial_json of pieces(JSON.stringify(given['input'])))
        delta({ type: 'input_json_delta', partial_json });
    }
    events.push({ type: 'content_block_stop', index });
  });
  const delta = { stop_reason: answer.stop_reason, stop_sequence: null };
  events.push({ type: 'message_delta', delta, usage: answer.usage }, { type: 'message_stop' });
  return events;
}
