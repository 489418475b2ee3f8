import { CREATED } from '../call.ts';
import type { JsonObject } from '../json.ts';
import type { Plan } from '../plan.ts';
import type { ToolCall } from '../tool-call.ts';
import { responsesUsage } from '../usage.ts';
import type { Text } from '../words.ts';

/** The content of a response, streamed or not. */
export interface ResponsePlan extends Plan {
  readonly id: string;
  readonly model: string;
  readonly items: readonly OutputItem[];
  /** The request fields that the response repeats. */
  readonly echo: JsonObject;
}

/** One output item. Its text is the summary of thoughts, the message or the input of a tool. */
export interface OutputItem {
  readonly kind: 'reasoning' | 'message' | 'function_call' | 'custom_tool_call';
  readonly id: string;
  readonly text: Text | undefined;
  readonly call: ToolCall | undefined;
  /** Encrypted reasoning, if the request includes it. */
  readonly encrypted: string | undefined;
}

/** The final status of a response. */
export function endStatus({ end }: Plan): 'completed' | 'incomplete' {
  return end === 'length' || end === 'filter' ? 'incomplete' : 'completed';
}

/** The final status of a response's items. */
export function itemStatus({ end }: Plan): 'completed' | 'incomplete' {
  return end === 'malformed' ? 'incomplete' : 'completed';
}

/** A finished response. */
export function finishedResponse(plan: ResponsePlan, output: readonly JsonObject[]): JsonObject {
  return { ...response(plan, endStatus(plan), output), usage: responsesUsage(plan.usage) };
}

/** A response with the output so far. */
export function response(plan: ResponsePlan, status: string, output: readonly JsonObject[]): JsonObject {
  const reason = plan.end === 'filter' ? 'content_filter' : 'max_output_tokens';
  return {
    id: plan.id,
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason } : null,
    instructions: null,
    model: plan.model,
    output,
    previous_response_id: null,
    temperature: 1,
    tools: [],
    top_p: 1,
    usage: null,
    ...plan.echo,
  };
}

/** One output item. `said` is its text so far. */
export function outputItem(item: OutputItem, status: string, said: string | undefined): JsonObject {
  const { id, kind, encrypted } = item;
  switch (kind) {
    case 'reasoning': {
      const summary = said === undefined || item.text === undefined ? [] : [summaryPart(said)];
      return { id, type: kind, summary, ...(encrypted !== undefined && { encrypted_content: encrypted }) };
    }
    case 'message':
      return {
        id,
        type: kind,
        status,
        role: 'assistant',
        content: said === undefined ? [] : [textPart(said)],
      };
    case 'function_call':
    case 'custom_tool_call':
      return { id, type: kind, status, ...calledFields(item, said ?? '') };
  }
}

function calledFields({ kind, call }: OutputItem, said: string): JsonObject {
  return {
    call_id: call?.id ?? '',
    name: call?.name ?? '',
    ...(call?.namespace !== undefined && { namespace: call.namespace }),
    [kind === 'function_call' ? 'arguments' : 'input']: said,
  };
}

/** A part of a message. */
export function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** A part of a summary of thoughts. */
export function summaryPart(text: string): JsonObject {
  return { type: 'summary_text', text };
}
