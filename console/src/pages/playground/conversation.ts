import { createEventParser, said } from '../../../../src/console/page/event-stream.ts';
import { send } from '../../api/client.ts';
import { Problem } from '../../api/problem.ts';

/** The settings that are sent to every model alike. */
export interface Settings {
  readonly system: string;
  readonly temperature: string;
  readonly maxTokens: string;
  /** JSON. */
  readonly tools: string;
  readonly isStreamed: boolean;
}

export const DEFAULTS: Settings = { system: '', temperature: '', maxTokens: '', tools: '', isStreamed: true };

/** A question with the pictures that go with it, as data URLs. */
export interface Question {
  readonly text: string;
  readonly images: readonly string[];
}

/** The answer of one model, as far as it has come. */
export interface Answer {
  readonly state: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed';
  readonly text: string;
  readonly thought: string;
  /** JSON of the calls of tools. */
  readonly calls: string;
  readonly problem: string | undefined;
  readonly firstTokenMs: number | undefined;
  readonly durationMs: number | undefined;
  readonly tokens: number | undefined;
  readonly cost: string | undefined;
  readonly provider: string | undefined;
  readonly trail: readonly string[];
  readonly requestId: string | undefined;
  readonly events: readonly string[];
}

export const WAITING: Answer = {
  state: 'waiting',
  text: '',
  thought: '',
  calls: '',
  problem: undefined,
  firstTokenMs: undefined,
  durationMs: undefined,
  tokens: undefined,
  cost: undefined,
  provider: undefined,
  trail: [],
  requestId: undefined,
  events: [],
};

export interface Turn {
  readonly question: Question;
  /** By model. */
  readonly answers: Readonly<Record<string, Answer>>;
}

/** The body of Chat Completions for a model, with the turns that it has had so far. Throws if the tools are no JSON. */
export function bodyFor(model: string, turns: readonly Turn[], settings: Settings): Record<string, unknown> {
  const messages = turns.flatMap(({ question, answers }) => {
    const answer = answers[model];
    return [
      { role: 'user', content: contentOf(question) },
      ...(answer && answer.text !== '' ? [{ role: 'assistant', content: answer.text }] : []),
    ];
  });
  return {
    model,
    messages: [
      ...(settings.system === '' ? [] : [{ role: 'system', content: settings.system }]),
      ...messages,
    ],
    ...(settings.temperature !== '' && { temperature: Number(settings.temperature) }),
    ...(settings.maxTokens !== '' && { max_tokens: Number(settings.maxTokens) }),
    ...(settings.tools.trim() !== '' && { tools: JSON.parse(settings.tools) as unknown }),
    ...(settings.isStreamed && { stream: true, stream_options: { include_usage: true } }),
  };
}

function contentOf({ text, images }: Question): unknown {
  if (images.length === 0) return text;
  return [{ type: 'text', text }, ...images.map((url) => ({ type: 'image_url', image_url: { url } }))];
}

interface Ask {
  readonly body: Record<string, unknown>;
  /** The key that the request counts as; empty: the session's own. */
  readonly as: string;
  readonly signal: AbortSignal;
  /** Called with every change. */
  readonly onChange: (answer: Answer) => void;
}

/** Asks one model, and tells of its answer as it comes. Never throws. */
export async function ask({ body, as, signal, onChange }: Ask): Promise<void> {
  const startMs = performance.now();
  let answer = WAITING;
  const change = (part: Partial<Answer>): void => {
    answer = { ...answer, ...part };
    onChange(answer);
  };
  const elapsed = (): number => performance.now() - startMs;
  try {
    const response = await send('/admin/v1/playground/v1/chat/completions', {
      method: 'POST',
      body,
      signal,
      headers: as === '' ? {} : { 'x-llm-proxy-as': as },
    });
    change({ state: 'streaming', ...factsOf(response.headers) });
    const add = (json: string): void => change(afterPart(answer, json, elapsed()));
    if (response.headers.get('content-type')?.includes('event-stream')) await readStream(response, add);
    else add(await response.text());
    change({ state: answer.problem === undefined ? 'done' : 'failed', durationMs: elapsed() });
  } catch (error) {
    if (signal.aborted) return change({ state: 'stopped', durationMs: elapsed() });
    const problem =
      error instanceof Problem ? `${error.status} ${error.code}: ${error.message}` : (error as Error).message;
    change({ state: 'failed', problem, durationMs: elapsed() });
  }
}

async function readStream(response: Response, add: (json: string) => void): Promise<void> {
  const parse = createEventParser();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    for (const { data } of parse(value ?? '')) if (data !== '[DONE]') add(data);
  }
}

function factsOf(headers: Headers): Partial<Answer> {
  const told = (name: string): string | undefined => headers.get(`x-llm-proxy-${name}`) ?? undefined;
  return {
    provider: told('provider'),
    requestId: told('request-id'),
    cost: told('cost'),
    trail: told('trail')?.split(/,\s*/) ?? [],
  };
}

/** The answer after an event, or after a whole answer. */
export function afterPart(answer: Answer, json: string, elapsedMs: number): Partial<Answer> {
  const part = said(json);
  const calls = callsIn(json);
  const isContent = part.text !== '' || part.thought !== '' || calls !== '';
  return {
    text: answer.text + part.text,
    thought: answer.thought + part.thought,
    calls: answer.calls + calls,
    tokens: part.tokens ?? answer.tokens,
    problem: part.error ?? answer.problem,
    firstTokenMs: answer.firstTokenMs ?? (isContent ? elapsedMs : undefined),
    events: [...answer.events, json],
  };
}

interface CallPart {
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

function callsIn(json: string): string {
  try {
    const { choices } = JSON.parse(json) as {
      choices?: { delta?: { tool_calls?: CallPart[] }; message?: { tool_calls?: CallPart[] } }[];
    };
    const calls = choices?.[0]?.delta?.tool_calls ?? choices?.[0]?.message?.tool_calls ?? [];
    return calls
      .map(({ function: call }) => `${call?.name ? `${call.name} ` : ''}${call?.arguments ?? ''}`)
      .join('');
  } catch {
    return '';
  }
}
