/** Requests at the limits, in each client's API, for `bench/holds.ts`. */
export type Client = 'chat' | 'responses' | 'messages' | 'gemini';

export const CLIENTS: readonly Client[] = ['chat', 'responses', 'messages', 'gemini'];

/** Escapes, since a text without them costs less. */
const PROSE = 'The quick brown fox says "hello" to the lazy dog,\nagain and again. ';

export function prose(chars: number): string {
  return PROSE.repeat(Math.ceil(chars / PROSE.length)).slice(0, chars);
}

/** A conversation in no particular API. */
interface Talk {
  /** The texts of the turns, from users and assistants in turn; several texts are several parts. */
  readonly turns: readonly (readonly string[])[];
  /** JSON of the arguments of a call behind the first turn. */
  readonly args?: string;
  /** The schema of a tool. */
  readonly schema?: object;
  /** Base64 of an image. */
  readonly image?: string;
}

/** The largest body that the default settings accept is 64 MiB. */
const SHAPES = {
  small: () => ({ turns: [['Hi']] }),
  'one text of 60 MB': () => ({ turns: [[prose(58e6)]] }),
  'an image of 60 MB': () => ({ turns: [['Look']], image: 'iVBORw0KGgo='.repeat(5e6).replaceAll('=', 'A') }),
  '99,000 turns': () => ({ turns: Array.from({ length: 99_000 }, () => [prose(400)]) }),
  '900,000 parts': () => ({ turns: [Array.from({ length: 900_000 }, () => 'ab')] }),
  'arguments of 8 MB, of small values': () => ({ turns: [['Hi'], ['Go']], args: smallValues(8e6) }),
  '380 KB of short turns, no thread': () => ({ turns: Array.from({ length: 5_600 }, () => ['ab']) }),
  '380 KB of short parts, no thread': () => ({ turns: [Array.from({ length: 11_000 }, () => 'ab')] }),
  '380 KB of small values, no thread': () => ({ turns: [['Hi'], ['Go']], args: smallValues(2.8e5) }),
  '380 KB of long numbers, no thread': () => ({ turns: [['Hi'], ['Go']], args: longNumbers(3.5e5) }),
  '380 KB of nested values, no thread': () => ({ turns: [['Hi'], ['Go']], args: nested(3.5e5) }),
  '380 KB of a schema, no thread': () => ({ turns: [['Hi']], schema: schemaOf(3_400) }),
} as const satisfies Readonly<Record<string, () => Talk>>;

export const REQUEST_SHAPES = Object.keys(SHAPES);

function smallValues(bytes: number): string {
  return `{"a":[${Array.from({ length: bytes / 8 }, () => '{"b":1}').join(',')}]}`;
}

function longNumbers(bytes: number): string {
  return `{"a":[${Array.from({ length: bytes / 21 }, () => '12345678901234567890').join(',')}]}`;
}

function nested(bytes: number): string {
  const deep = `${'['.repeat(400)}${']'.repeat(400)}`;
  return `{"a":[${Array.from({ length: bytes / 801 }, () => deep).join(',')}]}`;
}

function schemaOf(members: number): object {
  const member = { type: 'string', description: 'of a tool', pattern: '^a*$', minLength: 2 };
  const properties = Object.fromEntries(Array.from({ length: members }, (_, at) => [`member_${at}`, member]));
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** The bodies of one shape in one API. `more`: members besides it. */
export function requestOf(client: Client, shape: string, more: object): string {
  return BUILDERS[client](SHAPES[shape as keyof typeof SHAPES](), more);
}

const NAME = 'tool';

const BUILDERS: Readonly<Record<Client, (talk: Talk, more: object) => string>> = {
  chat: ({ turns, args, schema, image }, more) => {
    const messages = turns.map((texts, at) => ({
      role: roleOf(at, 'assistant'),
      content: texts.length === 1 ? texts[0] : texts.map((text) => ({ type: 'text', text })),
    }));
    const call = { id: 'call_1', type: 'function', function: { name: NAME, arguments: args } };
    const held = [
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    ];
    const url = `data:image/png;base64,${image}`;
    const shown = { role: 'user', content: [{ type: 'image_url', image_url: { url } }] };
    const tools = [{ type: 'function', function: { name: NAME, parameters: schema ?? {} } }];
    return JSON.stringify({
      messages: [
        ...messages.slice(0, 1),
        ...(args ? held : []),
        ...messages.slice(1),
        ...(image ? [shown] : []),
      ],
      ...(args || schema ? { tools } : {}),
      ...more,
    });
  },
  responses: ({ turns, args, schema, image }, more) => {
    const items = turns.map((texts, at) => ({
      role: roleOf(at, 'assistant'),
      content: texts.map((text) => ({ type: at % 2 === 0 ? 'input_text' : 'output_text', text })),
    }));
    const held = [
      { type: 'function_call', call_id: 'call_1', name: NAME, arguments: args },
      { type: 'function_call_output', call_id: 'call_1', output: 'done' },
    ];
    const image_url = `data:image/png;base64,${image}`;
    const shown = { role: 'user', content: [{ type: 'input_image', image_url, detail: 'auto' }] };
    const tools = [{ type: 'function', name: NAME, parameters: schema ?? {} }];
    return JSON.stringify({
      input: [...items.slice(0, 1), ...(args ? held : []), ...items.slice(1), ...(image ? [shown] : [])],
      ...(args || schema ? { tools } : {}),
      ...more,
    });
  },
  messages: ({ turns, args, schema, image }, more) => {
    const messages = turns.map((texts, at) => ({
      role: roleOf(at, 'assistant'),
      content: texts.map((text) => ({ type: 'text', text })),
    }));
    const held = [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: NAME, input: MARK }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'done' }] },
    ];
    const source = { type: 'base64', media_type: 'image/png', data: image };
    const shown = { role: 'user', content: [{ type: 'image', source }] };
    const body = JSON.stringify({
      max_tokens: 1000,
      messages: [
        ...messages.slice(0, 1),
        ...(args ? held : []),
        ...messages.slice(1),
        ...(image ? [shown] : []),
      ],
      ...(args || schema ? { tools: [{ name: NAME, input_schema: schema ?? { type: 'object' } }] } : {}),
      ...more,
    });
    return args === undefined ? body : body.replace(`"${MARK}"`, () => args);
  },
  gemini: ({ turns, args, schema, image }, more) => {
    const contents = turns.map((texts, at) => ({
      role: roleOf(at, 'model'),
      parts: texts.map((text) => ({ text })),
    }));
    const held = [
      { role: 'model', parts: [{ functionCall: { id: 'call_1', name: NAME, args: MARK } }] },
      {
        role: 'user',
        parts: [{ functionResponse: { id: 'call_1', name: NAME, response: { output: 'done' } } }],
      },
    ];
    const shown = { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: image } }] };
    const declared = { name: NAME, parametersJsonSchema: schema ?? { type: 'object' } };
    const body = JSON.stringify({
      contents: [
        ...contents.slice(0, 1),
        ...(args ? held : []),
        ...contents.slice(1),
        ...(image ? [shown] : []),
      ],
      ...(args || schema ? { tools: [{ functionDeclarations: [declared] }] } : {}),
      ...more,
    });
    return args === undefined ? body : body.replace(`"${MARK}"`, () => args);
  },
};

/** Arguments stand here as a value, not as a text. */
const MARK = 'arguments';

function roleOf(at: number, other: string): string {
  return at % 2 === 0 ? 'user' : other;
}
