import { hasValue, markOf } from '../../lib/json/json-marks.ts';
import { jsonJudge, saysSomething } from '../answer.ts';
import type { AnswerView } from '../answer.ts';
import type { AnswerDefect, Protocol, StreamSign } from '../protocol.ts';
import { GrammarReader } from '../stream.ts';
import type { Reading, StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';
import { asObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';

const text = textUnder('"text"', '"thinking"', '"partial_json"');

/** Anthropic's Messages API. */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  judgeAnswer: jsonJudge({ wanted: ['content', 'stop_reason'], judge: judgeMessage }),
  readStream: () => new GrammarReader(GRAMMAR),
  textOf: text,
  asksForUsage: false,
  errorEvent: (error) => {
    const body = { type: 'error', error: { type: 'api_error', message: error.message } };
    return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
  },
};

/** A turn may end without content. Its stop reason then makes it a valid answer. */
function judgeMessage(view: AnswerView): AnswerDefect | undefined {
  if (view.type('stop_reason') === 'string') return undefined;
  const content = view.bytes('content');
  return view.type('content') === 'array' && hasValue(content, TYPE) ? undefined : 'no-choices';
}

const TYPE = markOf('"type"');

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"', '"stop_reason"'].map(markOf),
  words: ['message_stop'].map(markOf),
  textKeys: ['"text"', '"thinking"', '"partial_json"'].map(markOf),
  understand,
  isEnd: () => false,
  // `message_start` reports the input, and `message_delta` the output.
  mergesUsage: true,
};

function understand(value: JsonObject, event: string): Reading {
  switch (typeof value.type === 'string' ? value.type : event) {
    case 'message_start':
      return { sign: 'preamble', usage: asObject(value.message)?.usage };
    case 'content_block_start':
      return { sign: signOf(asObject(value.content_block)) };
    case 'content_block_delta':
      return { sign: signOf(asObject(value.delta)) };
    case 'message_delta': {
      const stopped = saysSomething(asObject(value.delta)?.stop_reason);
      return { sign: stopped ? 'content' : 'preamble', usage: value.usage, done: stopped };
    }
    case 'message_stop':
      return { sign: 'done', done: true };
    default:
      return { sign: 'preamble' };
  }
}

/** Hidden thinking (`display: omitted`) is an empty block, followed by silence or pings for minutes. */
function signOf(block: JsonObject | undefined): StreamSign {
  if (blockSpeaks(block)) return 'content';
  return block?.type === 'thinking' || block?.type === 'thinking_delta' ? 'thinking' : 'preamble';
}

/** Text and thinking blocks begin empty. The presence of a tool call or redacted thinking is content in itself. */
function blockSpeaks(block: JsonObject | undefined): boolean {
  switch (block?.type) {
    case 'text':
    case 'text_delta':
      return saysSomething(block.text);
    case 'thinking':
    case 'thinking_delta':
      return saysSomething(block.thinking);
    case 'signature_delta':
      return false;
    default:
      return block !== undefined;
  }
}
