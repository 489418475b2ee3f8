import type { Answer, AnswerPart } from './answer.ts';
import type { HubEvent } from './stream.ts';

/** The tool that makes a model without structured output produce it. */
export const JSON_TOOL = { name: 'json_response', description: 'Give the answer as JSON.' } as const;

/**
 * Undoes the tool form in a whole answer: the call's arguments become the text, and the finish becomes a normal end.
 */
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
  return { kind: 'text', text: part.arguments === '' ? EMPTY : part.arguments };
}

/** The answer of a model that called the tool without arguments. */
const EMPTY = '{}';

/** Undoes the tool form in a stream. */
export function createJsonToolFilter(): (event: HubEvent) => HubEvent | undefined {
  /** Calls of the tool, and whether they have arguments. */
  const calls = new Map<string, boolean>();
  return (event) => {
    if (event.kind === 'call') {
      if (event.name !== JSON_TOOL.name) return event;
      calls.set(event.key, false);
      return undefined;
    }
    if (calls.size === 0) return event;
    if (event.kind === 'arguments' && calls.has(event.key)) {
      calls.set(event.key, true);
      return { kind: 'text', text: event.json };
    }
    if (event.kind === 'call-end' && calls.has(event.key))
      return calls.get(event.key) === true ? { kind: 'part-end' } : { kind: 'text', text: EMPTY };
    const isCall = event.kind === 'finish' && event.finish.reason === 'tool_calls';
    return isCall ? { kind: 'finish', finish: { reason: 'end' } } : event;
  };
}
