/** One server-sent event. */
export interface ServerEvent {
  /** `message` if the stream gives it no name. */
  readonly name: string;
  readonly data: string;
}

/**
 * Takes the text of a stream as it arrives, and gives the events that it completes
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 */
export function createEventParser(): (text: string) => ServerEvent[] {
  let rest = '';
  return (text) => {
    rest += text;
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
    rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const event = eventOf(block);
      return event === undefined ? [] : [event];
    });
  };
}

function eventOf(block: string): ServerEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n') };
}

/** The contents of an answer, or the part that one event adds. */
export interface Said {
  readonly text: string;
  /** The model's reasoning before the answer, if the API reports it. */
  readonly thought: string;
  /** Total tokens, if this part reports them. */
  readonly tokens: number | undefined;
  /** undefined: there was no error. */
  readonly error: string | undefined;
}

/** Reads an event, or a whole answer, of any of the APIs: chat, completions, responses, messages. */
export function said(json: string): Said {
  const value = parsed(json);
  const choice = field(field(value, 'choices'), '0');
  const message = field(choice, 'delta') ?? field(choice, 'message');
  const delta = field(value, 'delta');
  const error = field(value, 'error');
  return {
    text: firstText(
      field(message, 'content'),
      field(choice, 'text'),
      field(value, 'type') === 'response.output_text.delta' ? delta : undefined,
      field(delta, 'text'),
      field(field(field(value, 'content'), '0'), 'text'),
    ),
    thought: firstText(
      field(message, 'reasoning_content'),
      field(message, 'reasoning'),
      field(delta, 'thinking'),
    ),
    tokens: tokensOf(field(value, 'usage') ?? field(field(value, 'response'), 'usage')),
    error: error ? firstText(field(error, 'message'), error, 'The provider reported an error.') : undefined,
  };
}

function tokensOf(usage: unknown): number | undefined {
  const count = field(usage, 'completion_tokens') ?? field(usage, 'output_tokens');
  return typeof count === 'number' ? count : undefined;
}

function firstText(...values: readonly unknown[]): string {
  return values.find((value): value is string => typeof value === 'string') ?? '';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
