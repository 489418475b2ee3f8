/** Answers at the limits, in each provider's API, for `bench/holds.ts`. */
import { frameBytes } from '../../src/simulator/event-frame.ts';
import { prose } from './requests.ts';

export type Provider = 'chat' | 'responses' | 'messages' | 'gemini' | 'converse';

export const PROVIDERS: readonly Provider[] = ['chat', 'responses', 'messages', 'gemini', 'converse'];

/** An answer in no particular API: the pieces that its events bring, which a whole answer joins. */
interface Reply {
  readonly texts: readonly string[];
  /** The pieces of the arguments of each call. */
  readonly calls: readonly (readonly string[])[];
}

/** The largest answer is 64 MiB, the largest event 16 MiB, and the longest arguments 8 MiB. */
const SHAPES = {
  small: () => texts(['Hi']),
  'one text of 56 MB, in events of 14 MB': () => texts(Array.from({ length: 4 }, () => prose(13.5e6))),
  '56 MB in pieces of 64 KB': () => texts(Array.from({ length: 850 }, () => prose(64e3))),
  '300,000 pieces of one word': () => texts(Array.from({ length: 300_000 }, () => 'word ')),
  'arguments of 8 MB at once': () => calls([[argumentsOf(8e6)]]),
  'arguments of 8 MB in 40,000 pieces': () => calls([inPieces(argumentsOf(8e6), 200)]),
  '1,000 calls of 50 KB': () => calls(Array.from({ length: 1_000 }, () => [argumentsOf(5e4)])),
  '380 KB of small values, no thread': () => calls([[argumentsOf(3.5e5)]]),
} as const satisfies Readonly<Record<string, () => Reply>>;

export const ANSWER_SHAPES = Object.keys(SHAPES);

const texts = (pieces: readonly string[]): Reply => ({ texts: pieces, calls: [] });
const calls = (pieces: Reply['calls']): Reply => ({ texts: [], calls: pieces });

function argumentsOf(bytes: number): string {
  return `{"a":[${Array.from({ length: bytes / 8 }, () => '{"b":1}').join(',')}]}`;
}

function inPieces(text: string, chars: number): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / chars) }, (_, at) =>
    text.slice(at * chars, (at + 1) * chars),
  );
}

export interface Answer {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Returns an answer of one shape, whole or as the bytes of a stream. */
export function answerOf(provider: Provider, shape: string, isStream: boolean): Answer {
  const reply = SHAPES[shape as keyof typeof SHAPES]();
  if (!isStream) return { type: 'application/json', body: Buffer.from(WHOLE[provider](reply)) };
  const events = STREAMS[provider](reply);
  if (provider === 'converse')
    return {
      type: 'application/vnd.amazon.eventstream',
      body: Buffer.concat(
        events.map(([name, data]) =>
          frameBytes([...FRAME_FIELDS, [':event-type', name]], Buffer.from(JSON.stringify(data))),
        ),
      ),
    };
  const lines = events.map(
    ([name, data]) => `${name && `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`,
  );
  return { type: 'text/event-stream', body: Buffer.from(lines.join('')) };
}

const FRAME_FIELDS = [
  [':message-type', 'event'],
  [':content-type', 'application/json'],
] as const;

const object = (pieces: readonly string[]): object => JSON.parse(pieces.join('')) as object;
const id = (at: number): string => `call_${at}`;
const NAME = 'tool';

const WHOLE: Readonly<Record<Provider, (reply: Reply) => string>> = {
  chat: ({ texts: pieces, calls: called }) => {
    const tool_calls = called.map((args, at) => ({
      id: id(at),
      type: 'function',
      function: { name: NAME, arguments: args.join('') },
    }));
    const message = {
      role: 'assistant',
      content: pieces.join('') || null,
      ...(called.length && { tool_calls }),
    };
    const finish_reason = called.length > 0 ? 'tool_calls' : 'stop';
    return JSON.stringify({ id: 'x', choices: [{ index: 0, message, finish_reason }], usage: CHAT_USAGE });
  },
  responses: (reply) => JSON.stringify({ ...RESPONSE, status: 'completed', output: itemsOf(reply) }),
  messages: ({ texts: pieces, calls: called }) => {
    const content = [
      ...(pieces.length > 0 ? [{ type: 'text', text: pieces.join('') }] : []),
      ...called.map((args, at) => ({ type: 'tool_use', id: id(at), name: NAME, input: object(args) })),
    ];
    return JSON.stringify({ ...MESSAGE, content, stop_reason: called.length > 0 ? 'tool_use' : 'end_turn' });
  },
  gemini: ({ texts: pieces, calls: called }) => {
    const parts = [
      ...(pieces.length > 0 ? [{ text: pieces.join('') }] : []),
      ...called.map((args, at) => ({ functionCall: { id: id(at), name: NAME, args: object(args) } })),
    ];
    return JSON.stringify({ candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] });
  },
  converse: ({ texts: pieces, calls: called }) => {
    const content = [
      ...(pieces.length > 0 ? [{ text: pieces.join('') }] : []),
      ...called.map((args, at) => ({ toolUse: { toolUseId: id(at), name: NAME, input: object(args) } })),
    ];
    return JSON.stringify({
      output: { message: { role: 'assistant', content } },
      stopReason: called.length > 0 ? 'tool_use' : 'end_turn',
      usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
    });
  },
};

type Events = readonly (readonly [name: string, data: object])[];

const STREAMS: Readonly<Record<Provider, (reply: Reply) => Events>> = {
  chat: ({ texts: pieces, calls: called }) => {
    const chunk = (delta: object, finish_reason: string | null = null): readonly [string, object] => [
      '',
      { id: 'x', choices: [{ index: 0, delta, finish_reason }] },
    ];
    const called0 = (args: readonly string[], index: number): Events => [
      chunk({
        tool_calls: [{ index, id: id(index), type: 'function', function: { name: NAME, arguments: '' } }],
      }),
      ...args.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ];
    return [
      ...pieces.map((content) => chunk({ content })),
      ...called.flatMap(called0),
      chunk({}, called.length > 0 ? 'tool_calls' : 'stop'),
    ];
  },
  responses: (reply) => {
    // The event that repeats the text must not be too large.
    const isLarge = reply.texts.join('').length > 15e6;
    const deltas = itemsOf(reply).flatMap((item, output_index): Events => {
      const [kind, pieces] =
        item.type === 'message'
          ? ['response.output_text.delta', reply.texts]
          : ['response.function_call_arguments.delta', reply.calls[output_index] ?? []];
      const at = { output_index, item_id: item.id, content_index: 0 };
      const begun = { ...item, ...(item.type === 'message' ? { content: [] } : { arguments: '' }) };
      return [
        ['response.output_item.added', { type: 'response.output_item.added', output_index, item: begun }],
        ...pieces.map((delta) => [kind, { type: kind, ...at, delta }] as const),
        [
          'response.output_item.done',
          { type: 'response.output_item.done', output_index, item: isLarge ? begun : item },
        ],
      ];
    });
    const done = { ...RESPONSE, status: 'completed', output: [] };
    return [
      [
        'response.created',
        { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [] } },
      ],
      ...deltas,
      ['response.completed', { type: 'response.completed', response: done }],
    ];
  },
  messages: ({ texts: pieces, calls: called }) => {
    const block = (index: number, content_block: object, deltas: readonly object[]): Events => [
      ['content_block_start', { type: 'content_block_start', index, content_block }],
      ...deltas.map(
        (delta) => ['content_block_delta', { type: 'content_block_delta', index, delta }] as const,
      ),
      ['content_block_stop', { type: 'content_block_stop', index }],
    ];
    const textOf = (text: string): object => ({ type: 'text_delta', text });
    const jsonOf = (partial_json: string): object => ({ type: 'input_json_delta', partial_json });
    const stop_reason = called.length > 0 ? 'tool_use' : 'end_turn';
    const usage = { output_tokens: 1 };
    return [
      ['message_start', { type: 'message_start', message: { ...MESSAGE, content: [] } }],
      ...(pieces.length > 0 ? block(0, { type: 'text', text: '' }, pieces.map(textOf)) : []),
      ...called.flatMap((args, at) =>
        block(at, { type: 'tool_use', id: id(at), name: NAME, input: {} }, args.map(jsonOf)),
      ),
      ['message_delta', { type: 'message_delta', delta: { stop_reason }, usage }],
      ['message_stop', { type: 'message_stop' }],
    ];
  },
  gemini: ({ texts: pieces, calls: called }) => {
    const chunk = (part: object): readonly [string, object] => [
      '',
      { candidates: [{ content: { role: 'model', parts: [part] } }] },
    ];
    return [
      ...pieces.map((text) => chunk({ text })),
      ...called.map((args, at) => chunk({ functionCall: { id: id(at), name: NAME, args: object(args) } })),
      ['', { candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP' }] }],
    ];
  },
  converse: ({ texts: pieces, calls: called }) => {
    const block = (
      contentBlockIndex: number,
      start: object | undefined,
      deltas: readonly object[],
    ): Events => [
      ...(start ? [['contentBlockStart', { contentBlockIndex, start }] as const] : []),
      ...deltas.map((delta) => ['contentBlockDelta', { contentBlockIndex, delta }] as const),
      ['contentBlockStop', { contentBlockIndex }],
    ];
    return [
      ['messageStart', { role: 'assistant' }],
      ...(pieces.length > 0
        ? block(
            0,
            undefined,
            pieces.map((text) => ({ text })),
          )
        : []),
      ...called.flatMap((args, at) =>
        block(
          at,
          { toolUse: { toolUseId: id(at), name: NAME } },
          args.map((input) => ({ toolUse: { input } })),
        ),
      ),
      ['messageStop', { stopReason: called.length > 0 ? 'tool_use' : 'end_turn' }],
    ];
  },
};

const CHAT_USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const RESPONSE = { id: 'resp_x', object: 'response', created_at: 1, model: 'x', usage: null, error: null };
const MESSAGE = {
  id: 'msg_x',
  type: 'message',
  role: 'assistant',
  model: 'x',
  stop_reason: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

function itemsOf({
  texts: pieces,
  calls: called,
}: Reply): readonly { readonly type: string; readonly id: string }[] {
  const content = [{ type: 'output_text', text: pieces.join(''), annotations: [] }];
  const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content };
  return [
    ...(pieces.length > 0 ? [message] : []),
    ...called.map((args, at) => ({
      type: 'function_call',
      id: `fc_${at}`,
      call_id: id(at),
      name: NAME,
      arguments: args.join(''),
      status: 'completed',
    })),
  ];
}
