import { type Fault, fault } from '../fault.ts';
import type { AnswerOptions, ToolShape } from '../answer-options.ts';

/** Correct but unusual answers. */
export const CONTENT_FAULTS: readonly Fault[] = [
  options('unicode', 'Words in CJK, Arabic, Hebrew and emoji.', { vocabulary: 'unicode' }),
  options('content-filter', 'The finish reason is content_filter.', { finishReason: 'content_filter' }),
  fault({
    name: 'endless',
    summary: 'A stream that never ends, at `pace` tokens per second (50; 0: at full speed).',
    params: {},
    options: () => ({ words: Infinity, paceMs: 20 }),
  }),
  fault({
    name: 'big-event',
    summary: 'One event, or one word, of `bytes` bytes.',
    params: { bytes: 10_000_000 },
    options: ({ bytes }) => ({ firstWordBytes: bytes }),
  }),
  reasoning('reasoning-content', 'reasoning_content'),
  reasoning('reasoning', 'reasoning'),
  fault({
    name: 'thinking',
    summary:
      'Hidden thinking for `seconds`: an empty block, a reasoning item or a role; a ping or a comment every `every` seconds, 0: none.',
    params: { seconds: 10, every: 0 },
    options: ({ seconds, every }) => ({ thinking: { ms: seconds * 1000, everyMs: every * 1000 } }),
    play: (answer, { seconds }) =>
      answer.isStream ? answer : { ...answer, lead: [...answer.lead, { kind: 'wait', ms: seconds * 1000 }] },
  }),
  options('redacted', 'Encrypted thoughts, in the APIs that have them.', {
    reasoning: { field: 'reasoning_content', words: 10 },
    isRedacted: true,
  }),
  fault({
    name: 'agent',
    summary:
      'An agent session: in each of `turns` turns, `thoughts` tokens of reasoning, a text and `calls` tool calls, preferably of a tool that runs commands; then the session ends.',
    params: { turns: 1, calls: 1, thoughts: 0 },
    options: ({ turns, calls, thoughts }) => ({
      agentRounds: turns,
      calls,
      ...(thoughts > 0 && { reasoning: { field: 'reasoning_content', words: thoughts } }),
    }),
  }),
  fault({
    name: 'cached',
    summary: 'The provider read `read` prompt tokens from its cache and wrote `written` tokens to it.',
    params: { read: 100, written: 0 },
    options: ({ read, written }) => ({ cached: { read, written } }),
  }),
  tool('split', 'name first, arguments in pieces'),
  tool('whole', 'everything in one delta'),
  tool('no-index', 'deltas without an index'),
  tool('no-id', 'an empty id'),
  tool('repeated-id', 'id and name repeated in every delta'),
  tool('parallel', 'two calls, interleaved'),
  tool('object-arguments', 'arguments as an object instead of a string'),
  tool('empty-arguments', 'arguments that are an empty string'),
  tool('legacy', 'function_call in place of tool_calls'),
  tool('finish-stop', 'finish reason stop'),
  tool('after-text', 'text before the call'),
  tool('malformed', 'truncated arguments, with the finish reason for it if the API has one'),
];

function options(name: string, summary: string, patch: Partial<AnswerOptions>): Fault {
  return fault({ name, summary, params: {}, options: () => patch });
}

function reasoning(name: string, field: 'reasoning_content' | 'reasoning'): Fault {
  return fault({
    name,
    summary: `Thoughts of \`thoughts\` tokens before the answer, in the field ${field}.`,
    params: { thoughts: 10 },
    options: ({ thoughts }) => ({ reasoning: { field, words: thoughts } }),
  });
}

function tool(shape: ToolShape, how: string): Fault {
  return options(`tool-${shape}`, `Calls a tool, requested or not: ${how}.`, { toolShape: shape });
}
