import { expect, test } from 'bun:test';
import { translationFor } from '../../../src/translation/pair.ts';
import { playRequest } from './request-play.ts';
import { exchangeFor } from './stream-play.ts';

test('Gemini refuses a request without contents, so a system message alone gets a message', async () => {
  const { body, losses } = await playRequest(['chat', 'gemini'], {
    messages: [{ role: 'system', content: 'S' }],
  });
  expect(body).toEqual({
    systemInstruction: { parts: [{ text: 'S' }] },
    contents: [{ role: 'user', parts: [{ text: '(conversation continues)' }] }],
  });
  expect(losses).toEqual(['repaired messages']);
});

const CALL = '{"functionCall":{"id":"c","name":"f","args":{"n":1.0}}}';
const turns = (response: string): string =>
  `[{"role":"model","parts":[${CALL}]},{"role":"user","parts":[${response}]}]`;

test.each([
  [
    'a response',
    turns('{"functionResponse":{"id":"c","name":"f","response":{"n": 1.0,"big":12345678901234567890}}}'),
    '{"n": 1.0,"big":12345678901234567890}',
  ],
  [
    'an error',
    turns('{"function_response":{"id":"c","name":"f","response":{"error":{"n":1.0}}}}'),
    '{"n":1.0}',
  ],
  [
    'contents and parts that are no lists',
    turns('{"functionResponse":{"id":"c","name":"f","response":{"n":2.50}}}').replaceAll(
      /"parts":\[(.*?)\](?=\})/g,
      '"parts":$1',
    ),
    '{"n":2.50}',
  ],
])('numbers of a call and its result keep their digits: %s', async (_, contents, expected) => {
  const { body } = await playRequest(['gemini', 'chat'], `{"contents":${contents}}`);
  const [assistant, tool] = body['messages'] as [
    { tool_calls: { function: { arguments: string } }[] },
    { content: string },
  ];
  expect(assistant.tool_calls[0]?.function.arguments).toBe('{"n":1.0}');
  expect(tool.content.replace('[error] ', '')).toBe(expected);
});

test('a signature that came behind its text goes back onto it, in a turn that ends with it', async () => {
  const signature = `llmp1.ge.${Buffer.from('{"p":"p1","s":"c2ln"}').toString('base64url')}`;
  const content = [
    { type: 'text', text: 'Yes.' },
    { type: 'thinking', thinking: '', signature },
  ];
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content },
    { role: 'user', content: 'y' },
  ];
  const { body } = await playRequest(['messages', 'gemini'], { model: 'm', max_tokens: 9, messages });
  expect((body['contents'] as unknown[])[1]).toEqual({
    role: 'model',
    parts: [{ text: 'Yes.', thoughtSignature: 'c2ln' }],
  });
});

test('blocks of thinking that follow each other keep their signatures, whole and streamed', async () => {
  const ask = { contents: [{ role: 'user', parts: [{ text: 'x' }] }] };
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 'one' },
    { type: 'redacted_thinking', data: 'two' },
    { type: 'text', text: 'a' },
  ];
  const exchange = await exchangeFor({ from: 'gemini', to: 'messages', request: ask });
  const { answer, answerAsStream } = await translationFor('gemini', 'messages', exchange.target);
  const body = JSON.stringify({ content, stop_reason: 'end_turn' });
  const whole = answer(body, exchange);
  if (whole.kind === 'failed') throw new Error(whole.error.message);
  const streamed = answerAsStream(body, exchange);
  if (streamed.kind === 'failed') throw new Error(streamed.error.message);
  const chunks = Buffer.concat(streamed.bytes).toString();
  type Candidates = { candidates: { content: { parts: object[] } }[] };
  const partsIn = ({ candidates }: Candidates) => candidates[0]?.content.parts ?? [];
  for (const parts of [
    partsIn(JSON.parse(whole.body) as Candidates),
    (JSON.parse(chunks) as Candidates[]).flatMap(partsIn),
  ]) {
    const contents = [...ask.contents, { role: 'model', parts }, ...ask.contents];
    const { body: next } = await playRequest(['gemini', 'messages'], { contents });
    expect((next['messages'] as object[])[1]).toEqual({ role: 'assistant', content });
  }
});
