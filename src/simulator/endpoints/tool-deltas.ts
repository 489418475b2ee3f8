import type { JsonObject } from '../json.ts';
import type { ToolShape } from '../answer-options.ts';
import type { ToolCall } from '../tool-call.ts';
import { inPieces } from '../words.ts';

/** The deltas by which a chat stream calls a tool, in the shape of one provider or another. */
export function toolDeltas(tool: ToolCall, shape: ToolShape): readonly JsonObject[] {
  const text = JSON.stringify(tool.arguments);
  const pieces = piecesOf(text);
  const { id, name } = tool;
  switch (shape) {
    case 'split':
    case 'finish-stop':
    case 'after-text':
      return [first(tool), ...pieces.map((piece) => callDelta({ index: 0, function: { arguments: piece } }))];
    case 'whole':
      return [callDelta({ index: 0, id, type: 'function', function: { name, arguments: text } })];
    case 'no-index':
      return [
        callDelta({ id, type: 'function', function: { name, arguments: '' } }),
        ...pieces.map((piece) => callDelta({ function: { arguments: piece } })),
      ];
    case 'no-id':
      return [
        first({ ...tool, id: '' }),
        ...pieces.map((piece) => callDelta({ index: 0, function: { arguments: piece } })),
      ];
    case 'repeated-id':
      return pieces.map((piece) =>
        callDelta({ index: 0, id, type: 'function', function: { name, arguments: piece } }),
      );
    case 'parallel':
      return [
        first(tool),
        first({ ...tool, id: `${id}b` }, 1),
        ...pieces.flatMap((piece) =>
          [0, 1].map((index) => callDelta({ index, function: { arguments: piece } })),
        ),
      ];
    case 'object-arguments':
      return [callDelta({ index: 0, id, type: 'function', function: { name, arguments: tool.arguments } })];
    case 'empty-arguments':
      return [first(tool)];
    case 'legacy':
      return [
        { function_call: { name, arguments: '' } },
        ...pieces.map((piece) => ({ function_call: { arguments: piece } })),
      ];
  }
}

function first({ id, name }: ToolCall, index = 0): JsonObject {
  return callDelta({ index, id, type: 'function', function: { name, arguments: '' } });
}

function callDelta(call: JsonObject): JsonObject {
  return { tool_calls: [call] };
}

function piecesOf(text: string): readonly string[] {
  const pieces = inPieces(text);
  return Array.from({ length: pieces.count }, (_, index) => pieces.piece(index));
}
