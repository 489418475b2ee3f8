import * as fc from 'fast-check';

/**
 * Random sessions with tools, and their bodies in each client's API. Ids repeat, names do not fit, results fail or are
 * empty, and texts have what formats confuse.
 */

export interface Session {
  readonly system: string | undefined;
  readonly rounds: readonly Round[];
}

export type Round =
  | { readonly kind: 'user'; readonly parts: readonly Piece[] }
  | { readonly kind: 'system'; readonly text: string }
  | { readonly kind: 'assistant'; readonly text: string; readonly calls: readonly Used[] };

/** A text, or a picture. */
type Piece = { readonly text: string } | 'picture';

interface Used {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
  readonly result: string;
  readonly isError: boolean;
}

export const PICTURE = 'iVBORw0KGgo=';
export const TOOL_NAMES = ['get_weather', 'tool b', 'ns__x', '免费', 'x'.repeat(70), 'mcp.server:do'];

const word = fc.constantFrom('Oslo', '😀 ok', 'a\u2028b', '\n\nx', ' y ', '"q"\\', '<b>', '\r\nw', 'é', 'z');
const text = fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => words.join(''));
const anyText = fc.oneof(
  { weight: 8, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '\n') },
);
const value = fc.oneof(
  text.map((each) => JSON.stringify(each)),
  fc.constantFrom('1.0', '12345678901234567890', '1e400', '-0', '0.10', 'null', '[{"a":[]}]'),
);
const input = fc
  .tuple(fc.constantFrom('city', 'n', '', '__proto__', 'input'), value)
  .map(([key, json]) => `{${JSON.stringify(key)}:${json}}`);
const used: fc.Arbitrary<Used> = fc.record({
  id: fc.constantFrom('call_0', 'call_1', 'toolu_A', 'c|1:x', `fc_${'z'.repeat(70)}`, '1'),
  name: fc.constantFrom(...TOOL_NAMES),
  input,
  result: anyText,
  isError: fc.boolean(),
});
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 5, arbitrary: anyText.map((each) => ({ text: each })) },
  { weight: 1, arbitrary: fc.constant('picture' as const) },
);
const round: fc.Arbitrary<Round> = fc.oneof(
  fc.record({ kind: fc.constant('user' as const), parts: fc.array(piece, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('system' as const), text }),
  fc.record({
    kind: fc.constant('assistant' as const),
    text: anyText,
    calls: fc.array(used, { maxLength: 3 }),
  }),
);

export const session: fc.Arbitrary<Session> = fc.record({
  system: fc.option(text, { nil: undefined }),
  rounds: fc.array(round, { minLength: 1, maxLength: 6 }),
});

const SCHEMA = { type: 'object', properties: {} };

/** JSON in which the texts of arguments stand as they are. */
function json(tree: unknown, inputs: readonly string[]): string {
  let next = 0;
  return JSON.stringify(tree).replaceAll('"INPUT"', () => inputs[next++] ?? '');
}

const inputsOf = ({ rounds }: Session): string[] =>
  rounds.flatMap((each) => (each.kind === 'assistant' ? each.calls.map((call) => call.input) : []));

export const BODIES: Readonly<Record<'chat' | 'responses' | 'messages' | 'gemini', (of: Session) => string>> =
  {
    chat: ({ system, rounds }) =>
      JSON.stringify({
        model: 'm',
        max_tokens: 99,
        tools: TOOL_NAMES.map((name) => ({ type: 'function', function: { name, parameters: SCHEMA } })),
        messages: [
          ...(system === undefined ? [] : [{ role: 'system', content: system }]),
          ...rounds.flatMap((each) => chatMessages(each)),
        ],
      }),
    responses: ({ system, rounds }) =>
      JSON.stringify({
        model: 'm',
        store: false,
        instructions: system,
        tools: TOOL_NAMES.map((name) => ({ type: 'function', name, parameters: SCHEMA })),
        input: rounds.flatMap((each) => responsesItems(each)),
      }),
    messages: (of) =>
      json(
        {
          model: 'm',
          max_tokens: 99,
          system: of.system,
          tools: TOOL_NAMES.map((name) => ({ name, input_schema: SCHEMA })),
          messages: of.rounds.flatMap((each) => messagesTurns(each)),
        },
        inputsOf(of),
      ),
    gemini: (of) =>
      json(
        {
          systemInstruction: of.system === undefined ? undefined : { parts: [{ text: of.system }] },
          tools: [
            { functionDeclarations: TOOL_NAMES.map((name) => ({ name, parametersJsonSchema: SCHEMA })) },
          ],
          contents: of.rounds.flatMap((each) => geminiContents(each)),
        },
        inputsOf(of),
      ),
  };

function chatMessages(of: Round): unknown[] {
  if (of.kind === 'system') return [{ role: 'system', content: of.text }];
  if (of.kind === 'user') {
    const url = `data:image/png;base64,${PICTURE}`;
    const content = of.parts.map((part) =>
      part === 'picture' ? { type: 'image_url', image_url: { url } } : { type: 'text', text: part.text },
    );
    return [{ role: 'user', content }];
  }
  const tool_calls = of.calls.map(({ id, name, input: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
  return [
    { role: 'assistant', content: of.text || null, ...(tool_calls.length > 0 && { tool_calls }) },
    ...of.calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
  ];
}

function responsesItems(of: Round): unknown[] {
  if (of.kind === 'system') return [{ role: 'developer', content: of.text }];
  if (of.kind === 'user') {
    const image_url = `data:image/png;base64,${PICTURE}`;
    const content = of.parts.map((part) =>
      part === 'picture' ? { type: 'input_image', image_url } : { type: 'input_text', text: part.text },
    );
    return [{ role: 'user', content }];
  }
  return [
    ...(of.text === '' ? [] : [{ role: 'assistant', content: [{ type: 'output_text', text: of.text }] }]),
    ...of.calls.map(({ id, name, input: args }) => ({
      type: 'function_call',
      call_id: id,
      name,
      arguments: args,
    })),
    ...of.calls.map(({ id, result }) => ({ type: 'function_call_output', call_id: id, output: result })),
  ];
}

function messagesTurns(of: Round): unknown[] {
  if (of.kind === 'system') return [{ role: 'system', content: of.text }];
  if (of.kind === 'user') {
    const source = { type: 'base64', media_type: 'image/png', data: PICTURE };
    const content = of.parts.map((part) =>
      part === 'picture' ? { type: 'image', source } : { type: 'text', text: part.text },
    );
    return [{ role: 'user', content }];
  }
  const content = [
    ...(of.text === '' ? [] : [{ type: 'text', text: of.text }]),
    ...of.calls.map(({ id, name }) => ({ type: 'tool_use', id, name, input: 'INPUT' })),
  ];
  const results = of.calls.map(({ id, result, isError }) => ({
    type: 'tool_result',
    tool_use_id: id,
    is_error: isError,
    content: result,
  }));
  return [
    { role: 'assistant', content },
    ...(results.length > 0 ? [{ role: 'user', content: results }] : []),
  ];
}

function geminiContents(of: Round): unknown[] {
  if (of.kind === 'system') return [];
  if (of.kind === 'user') {
    const parts = of.parts.map((part) =>
      part === 'picture' ? { inlineData: { mimeType: 'image/png', data: PICTURE } } : { text: part.text },
    );
    return [{ role: 'user', parts }];
  }
  const parts = [
    ...(of.text === '' ? [] : [{ text: of.text }]),
    ...of.calls.map(({ id, name }) => ({ functionCall: { id, name, args: 'INPUT' } })),
  ];
  const results = of.calls.map(({ id, name, result, isError }) => ({
    functionResponse: { id, name, response: isError ? { error: result } : { output: result } },
  }));
  return [{ role: 'model', parts }, ...(results.length > 0 ? [{ role: 'user', parts: results }] : [])];
}
