import { lastNumberOf, markOf } from '../../lib/json/json-marks.ts';
import { type AnswerView, jsonJudge } from '../answer.ts';
import { asObject, type JsonObject } from '../json-object.ts';
import type { AnswerDefect, Protocol, StreamPosition, StreamSign } from '../protocol.ts';
import { GrammarReader, type Reading, type StreamGrammar } from '../stream.ts';
import { textUnder } from '../text.ts';
import { failedResponseEvent, failedResponseStream } from './failed-response.ts';
import { digestResponseEvent, glanceAtResponseEvent, understandResponseEvent } from './stream.ts';

const text = textUnder('"delta"', '"text"', '"arguments"');

/** OpenAI's Responses API. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  judgeAnswer: jsonJudge({ wanted: ['status', 'output'], judge: judgeResponse }),
  readStream: () => new ResponsesReader(),
  textOf: text,
  asksForUsage: false,
  errorEvent: (error, at = START) => failedResponseEvent(error, at),
  failedStream: failedResponseStream,
};

const START: StreamPosition = { nextSequenceNumber: 0, responseId: undefined, model: undefined };

/**
 * A reader that also tracks the position of the next event. SDKs check its sequence number, and Codex ignores a
 * response without an id.
 */
class ResponsesReader extends GrammarReader {
  #response: JsonObject | undefined;
  #last = -1;

  constructor() {
    super(GRAMMAR);
  }

  override read(event: string, data: Uint8Array): StreamSign {
    this.#last = lastNumberOf(data, SEQUENCE_NUMBER) ?? this.#last;
    return super.read(event, data);
  }

  override skim(block: Uint8Array): boolean {
    const isContent = super.skim(block);
    if (isContent) this.#last = lastNumberOf(block, SEQUENCE_NUMBER) ?? this.#last;
    return isContent;
  }

  position(): StreamPosition {
    return {
      nextSequenceNumber: this.#last + 1,
      responseId: textOf(this.#response?.id),
      model: textOf(this.#response?.model),
    };
  }

  protected override understand(value: JsonObject, event: string): Reading {
    this.#response ??= asObject(value.response);
    return super.understand(value, event);
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const SEQUENCE_NUMBER = markOf('"sequence_number"');

/** A response that is queued in the background has no output yet, so its status alone makes it a valid answer. */
function judgeResponse(view: AnswerView): AnswerDefect | undefined {
  const status = view.value('status');
  if (status === 'failed') return 'error-object';
  return typeof status === 'string' || view.type('output') === 'array' ? undefined : 'no-choices';
}

const GRAMMAR: StreamGrammar = {
  marks: ['"usage"'].map(markOf),
  words: [
    'response.completed',
    'response.incomplete',
    'response.failed',
    'response.cancelled',
    '[DONE]',
    // The type of a reasoning item, after which silence does not mean that the stream is stuck.
    '"reasoning"',
  ].map(markOf),
  textKeys: ['"delta"'].map(markOf),
  understand: understandResponseEvent,
  digest: digestResponseEvent,
  glance: glanceAtResponseEvent,
  isEnd: (data) => data === '[DONE]',
  mergesUsage: false,
};
