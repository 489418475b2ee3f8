import type { Answer, AnswerPart } from './answer.ts';
import type { HubEvent } from './stream.ts';

/** The tool by which a model without structured output is made to give it (6.6). */
export const JSON_TOOL = { name: 'json_response', description: 'Give the answer as JSON.' } as const;

/** The tool form undone in a whole answer: the call's arguments are the text, and the end is an ordinary one. */
export function withoutJsonTool(answer: Answer): Answer {
  return {
    ...answer,
    choices: answer.choices.map((choice) => ({
      ...choice,
      parts: choice.parts.map(asText),
      finish: choice.finish.reason === 'tool_calls' ? { reason: 'end' } : choice.finish,
    })),
  };
}

function asText(part: AnswerPart): AnswerPart {
  if (part.kind !== 'call' || part.name !== JSON_TOOL.name) return part;
  return { kind: 'text', text: part.arguments === '' ? '{}' : part.arguments };
}

/** The same in a stream. */
export function createJsonToolFilter(): (event: HubEvent) => HubEvent | undefined {
  const keys = new Set<string>();
  return (event) => {
    if (event.kind === 'call') {
      if (event.name !== JSON_TOOL.name) return event;
      keys.add(event.key);
      return undefined;
    }
    if (keys.size === 0) return event;
    if (event.kind === 'arguments' && keys.has(event.key)) return { kind: 'text', text: event.json };
    if (event.kind === 'call-end' && keys.has(event.key)) return { kind: 'part-end' };
    const isCall = event.kind === 'finish' && event.finish.reason === 'tool_calls';
    return isCall ? { kind: 'finish', finish: { reason: 'end' } } : event;
  };
}
