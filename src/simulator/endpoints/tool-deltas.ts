import type { JsonObject } from '../json.ts';
import type { ToolShape } from '../answer-options.ts';
import type { ToolCall } from '../tool-call.ts';
import { inPieces } from '../words.ts';

/** The deltas of tool calls in a chat stream, in the shape of some provider. */
export function toolDeltas(calls: readonly ToolCall[], shape: ToolShape): readonly JsonObject[] {
  if (shape === 'parallel') return interleaved(calls);
  return calls.flatMap((call, index) => deltasOf(call, index, shape));
}

function deltasOf(call: ToolCall, index: number, shape: ToolShape): readonly JsonObject[] {
  const { id, name, text } = call;
  const pieces = piecesOf(text);
  switch (shape) {
    case 'split':
    case 'finish-stop':
    case 'after-text':
    case 'malformed':
    case 'parallel':
      return [first(call, index), ...pieces.map((piece) => next(call, index, piece))];
    case 'whole':
      return [callDelta({ index, id, type: 'function', function: { name, arguments: text } })];
    case 'no-index':
      return [
        callDelta({ id, type: 'function', function: { name, arguments: '' } }),
        ...pieces.map((piece) => callDelta({ function: { arguments: piece } })),
      ];
    case 'no-id':
      return [first({ ...call, id: '' }, index), ...pieces.map((piece) => next(call, index, piece))];
    case 'repeated-id':
      return pieces.map((piece) =>
        callDelta({ index, id, type: 'function', function: { name, arguments: piece } }),
      );
    case 'object-arguments':
      return [callDelta({ index, id, type: 'function', function: { name, arguments: call.arguments } })];
    case 'empty-arguments':
      return [first(call, index)];
    case 'legacy':
      return [
        { function_call: { name, arguments: '' } },
        ...pieces.map((piece) => ({ function_call: { arguments: piece } })),
      ];
  }
}

/** Starts every call, then sends a piece of each in turn. */
function interleaved(calls: readonly ToolCall[]): readonly JsonObject[] {
  const pieces = calls.map(({ text }) => piecesOf(text));
  const longest = Math.max(0, ...pieces.map(({ length }) => length));
  const deltas = calls.map((call, index) => first(call, index));
  for (let at = 0; at < longest; at++) {
    for (const [index, call] of calls.entries()) {
      const piece = pieces[index]?.[at];
      if (piece !== undefined) deltas.push(next(call, index, piece));
    }
  }
  return deltas;
}

function first({ id, name, form }: ToolCall, index: number): JsonObject {
  if (form === 'freeform') return callDelta({ index, id, type: 'custom', custom: { name, input: '' } });
  return callDelta({ index, id, type: 'function', function: { name, arguments: '' } });
}

function next({ form }: ToolCall, index: number, piece: string): JsonObject {
  return callDelta(
    form === 'freeform' ? { index, custom: { input: piece } } : { index, function: { arguments: piece } },
  );
}

function callDelta(call: JsonObject): JsonObject {
  return { tool_calls: [call] };
}

function piecesOf(text: string): readonly string[] {
  const pieces = inPieces(text);
  return Array.from({ length: pieces.count }, (_, index) => pieces.piece(index));
}
