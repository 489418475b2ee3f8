import { errorInBody } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type HubError, truncated, unreadable } from '../hub-error.ts';
import { asArray, asObject, asString, type JsonObject, parsed } from '../json.ts';
import { eventText, type HubEvent, type StreamReader } from '../stream.ts';
import { readFinish } from './finish.ts';
import { StreamedItems } from './read-stream-items.ts';
import { readUsage } from './usage.ts';

/** Reads a stream of POST /v1/responses. */
export function createStreamReader(exchange: Exchange): StreamReader {
  const reader = new ResponsesReader(exchange);
  return {
    push: (event, data) => reader.push(event, eventText(data)),
    atEndOfBytes: () => reader.atEndOfBytes(),
  };
}

class ResponsesReader {
  readonly #items: StreamedItems;
  #out: HubEvent[] = [];
  #started = false;
  #over = false;

  constructor(exchange: Exchange) {
    this.#items = new StreamedItems(exchange, (event) => this.#out.push(event));
  }

  push(name: string, data: string): readonly HubEvent[] {
    if (this.#over || data === '' || data.trim() === '[DONE]') return [];
    this.#out = [];
    const event = asObject(parsed(data));
    if (event === undefined) this.#fail(unreadable('an event is not a JSON object'));
    else this.#event(asString(event['type']) ?? name, event);
    return this.#out;
  }

  atEndOfBytes(): readonly HubEvent[] {
    if (this.#over) return [];
    this.#out = [];
    this.#fail(truncated());
    return this.#out;
  }

  #event(type: string, event: JsonObject): void {
    const response = asObject(event['response']) ?? {};
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#start(response);
        break;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
      case 'response.done':
        this.#end(type.slice('response.'.length), response);
        break;
      case 'error':
        this.#fail(errorOf(event));
        break;
      default: {
        const error = type.startsWith('response.') ? undefined : errorInBody(event);
        if (error !== undefined) this.#fail(error);
        else this.#items.push(type, event);
      }
    }
  }

  #start(response: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    const { id, model } = response;
    this.#out.push({ kind: 'start', upstreamId: asString(id), model: asString(model) });
  }

  /** Reads the response's final event. Emits any content that earlier events omitted. */
  #end(word: string, response: JsonObject): void {
    this.#start(response);
    const usage = readUsage(response['usage']);
    const serviceTier = asString(response['service_tier']);
    if (usage !== undefined) this.#out.push({ kind: 'usage', usage, serviceTier });
    const status = word === 'done' ? response['status'] : (response['status'] ?? word);
    const finish = readFinish({ ...response, status: word === 'failed' ? word : status });
    if ('kind' in finish) {
      this.#fail(finish);
      return;
    }
    this.#items.complete(asArray(response['output']));
    this.#over = true;
    this.#out.push({ kind: 'finish', finish }, { kind: 'end' });
  }

  #fail(error: HubError): void {
    this.#over = true;
    this.#out.push({ kind: 'error', error });
  }
}

/** Reads the event `error`: flat as the API specifies, or with a nested error object. */
function errorOf(event: JsonObject): HubError {
  const { code, message } = event;
  const known = errorInBody(asObject(event['error']) === undefined ? { error: { code, message } } : event);
  return known ?? unreadable('it ended with an error');
}
