import type { IncomingHttpHeaders } from 'node:http';

/** An API that a provider speaks. */
export type Api = 'messages' | 'responses' | 'chat' | 'gemini' | 'converse';

/** The parts of a request that a script of the provider uses. */
export interface Asked {
  readonly api: Api;
  /** With its query string. */
  readonly path: string;
  readonly model: string;
  readonly streams: boolean;
  readonly tools: readonly OfferedTool[];
  /** The results of this conversation's tools so far, oldest first. An image in a result reads `[image]`. */
  readonly results: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A tool that the client offers. A custom one takes text, a function takes arguments. */
export interface OfferedTool {
  readonly name: string;
  readonly kind: 'function' | 'custom';
  readonly namespace?: string;
}

/** A call of a tool: arguments, or text for a custom tool. */
export interface Call {
  readonly tool: OfferedTool;
  readonly input: Readonly<Record<string, unknown>> | string;
}

/** An answer with status 200. */
export interface Answer {
  readonly kind: 'answer';
  /** The model thinks before it answers. The text of its thoughts is omitted if the client asked for that. */
  readonly thinking?: { readonly text: string; readonly forMs: number };
  readonly text?: string;
  readonly calls?: readonly Call[];
  /** The size of the request in the answer's usage. Default 25. */
  readonly inputTokens?: number;
  /** The connection breaks off after the content. */
  readonly isCut?: true;
}

/** A stream with status 200 that ends with an error event; before any content, or after this text. */
export interface Failed {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
  readonly after?: string;
}

/** An error with a status of its own. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  /** The value of `error.type` or `error.code`, whichever the API has. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Reply = Answer | Failed | Refused;

/** Chooses the answer to a request. */
export type Script = (asked: Asked) => Reply;

/** One event of a stream: its name where the API names events, and its data. */
export interface StreamEvent {
  readonly name?: string;
  readonly data: unknown;
}

/** An answer as a stream, in the parts between which a script may pause or break off. */
export interface Play {
  readonly opening: readonly StreamEvent[];
  readonly thinking?: {
    readonly start: readonly StreamEvent[];
    /** The event that a provider sends while its model thinks. */
    readonly alive: StreamEvent;
    readonly end: readonly StreamEvent[];
  };
  readonly content: readonly StreamEvent[];
  readonly closing: readonly StreamEvent[];
}

/** The reader and writer of one API. */
export interface ApiScript {
  readonly read: (request: Pick<Asked, 'path' | 'headers' | 'body'>) => Asked;
  readonly whole: (asked: Asked, answer: Answer, id: string) => unknown;
  readonly play: (asked: Asked, answer: Answer, id: string) => Play;
  readonly failure: (failed: Failed, id: string) => StreamEvent;
  readonly refusal: (refused: Refused) => unknown;
}

/** The usage that an answer reports. */
export function usedBy({ inputTokens = 25 }: Answer): { readonly input: number; readonly output: number } {
  return { input: inputTokens, output: 20 };
}

/** Plays one step after the other and repeats the last one. A step is reached when all calls of those before it have results. */
export function inSteps(...steps: readonly ((asked: Asked) => Reply)[]): Script {
  return (asked) => {
    let answered = 0;
    for (const step of steps) {
      const reply = step(asked);
      const calls = reply.kind === 'answer' ? (reply.calls ?? []).length : 0;
      if (calls === 0 || asked.results.length <= answered) return reply;
      answered += calls;
    }
    throw new Error('the last step of a script calls no tool');
  };
}

/** Side requests, such as one for a title, offer none of the agent's tools. They never reach a script. */
export function besides(tool: string, script: Script): Script {
  return (asked) =>
    asked.tools.some(({ name }) => name === tool) ? script(asked) : says('{"title":"Greeting"}');
}

/** An answer of this text alone. */
export function says(text: string): Answer {
  return { kind: 'answer', text };
}

/** An answer that calls tools of these names with these inputs. */
export function calls(asked: Asked, ...wanted: readonly (readonly [string, Call['input']])[]): Answer {
  const found = wanted.map(([name, input]) => {
    const tool = asked.tools.find((offered) => offered.name === name);
    if (tool === undefined)
      throw new Error(`no tool ${name} among ${asked.tools.map((t) => t.name).join(', ')}`);
    // A client's custom tool takes text. Translated to a function, it takes that text as its only argument.
    return { tool, input: tool.kind === 'function' && typeof input === 'string' ? { input } : input };
  });
  return { kind: 'answer', text: 'Let me see.', calls: found };
}

/** The arguments of a call as text. */
export function argumentsOf({ input }: Call): string {
  return typeof input === 'string' ? input : JSON.stringify(input);
}
