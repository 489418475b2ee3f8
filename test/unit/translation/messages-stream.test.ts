import { expect, test } from 'bun:test';
import { playStream, type Play } from './stream-play.ts';

const PLAY: Play = { from: 'chat', to: 'messages' };

const start = (index: number, id: string) => ({
  type: 'content_block_start',
  index,
  content_block: { type: 'tool_use', id, name: 'f', input: {} },
});
const json = (index: number, partial_json: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json },
});
const stop = (index: number) => ({ type: 'content_block_stop', index });
const END = [{ type: 'message_delta', delta: { stop_reason: 'tool_use' } }, { type: 'message_stop' }];

/** The arguments of each call that the client of Chat receives. */
async function calls(...events: unknown[]) {
  const { events: sent, over } = await playStream(PLAY, [...events, ...END]);
  expect(over).toBe('complete');
  const found: Record<string, string> = {};
  const ids: string[] = [];
  for (const { data } of sent) {
    const [call] = (data as Chunk).choices?.[0]?.delta?.tool_calls ?? [];
    if (call === undefined) continue;
    if (call.id !== undefined) ids[call.index] = call.id;
    const id = ids[call.index] ?? '';
    found[id] = (found[id] ?? '') + call.function.arguments;
  }
  return found;
}

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly arguments: string };
      }[];
    };
  }[];
}

test('the deltas of calls that interleave go to the call of their index', async () => {
  const interleaved = [
    start(0, 'a'),
    start(1, 'b'),
    json(1, '{"b":'),
    json(0, '{"a":'),
    json(1, '2}'),
    json(0, '1}'),
    stop(0),
    stop(1),
  ];
  expect(await calls(...interleaved)).toEqual({ a: '{"a":1}', b: '{"b":2}' });
});

test('calls that nobody ends, or whose deltas have no index, stay apart', async () => {
  const bare = (partial_json: string) => ({ ...json(0, partial_json), index: undefined });
  expect(await calls(start(0, 'a'), json(0, '{"a":1}'), start(1, 'b'), bare('{"b":2}'))).toEqual({
    a: '{"a":1}',
    b: '{"b":2}',
  });
});
