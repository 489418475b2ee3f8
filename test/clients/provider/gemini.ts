import { type Answer, type ApiScript, type Asked, type StreamEvent, usedBy } from './script.ts';

interface Part {
  readonly functionResponse?: { readonly response?: unknown; readonly parts?: readonly unknown[] };
  readonly inlineData?: unknown;
}

interface Body {
  readonly tools?: readonly { readonly functionDeclarations?: readonly { readonly name: string }[] }[];
  readonly contents?: readonly { readonly parts?: readonly Part[] }[];
}

/** Google's API for Gemini. */
export const gemini: ApiScript = {
  read(request) {
    const body = JSON.parse(request.body) as Body;
    const [, model = '', verb] = /\/models\/([^/:?]+):(\w+)/.exec(request.path) ?? [];
    const results = (body.contents ?? []).flatMap(({ parts }) => (parts ?? []).flatMap(resultOf));
    return {
      ...request,
      api: 'gemini',
      model: decodeURIComponent(model),
      streams: verb === 'streamGenerateContent',
      tools: (body.tools ?? [])
        .flatMap(({ functionDeclarations }) => functionDeclarations ?? [])
        .map(({ name }) => ({ name, kind: 'function' })),
      results,
    };
  },
  whole: (asked, answer, id) =>
    response(asked, { id, answer }, [...thoughts(answer), ...partsOf(answer)], true),
  play(asked, answer, id) {
    const event = (parts: readonly unknown[], isLast = false): StreamEvent => ({
      data: response(asked, { id, answer }, parts, isLast),
    });
    return {
      opening: [],
      ...(answer.thinking && { thinking: { start: [event(thoughts(answer))], alive: event([]), end: [] } }),
      content: partsOf(answer).map((part) => event([part])),
      closing: [event([{ text: '' }], true)],
    };
  },
  failure: ({ code, message }) => ({ data: { error: { code: 500, message, status: code } } }),
  refusal: ({ status, code, message }) => ({ error: { code: status, message, status: code } }),
};

function resultOf({ functionResponse: result }: Part): string[] {
  if (result === undefined) return [];
  return [`${JSON.stringify(result.response ?? {})}${'[image]'.repeat(result.parts?.length ?? 0)}`];
}

function thoughts(answer: Answer): unknown[] {
  return answer.thinking ? [{ text: answer.thinking.text, thought: true }] : [];
}

function partsOf(answer: Answer): unknown[] {
  const made = (answer.calls ?? []).map(({ tool, input }, index) => ({
    functionCall: { name: tool.name, args: input },
    // Only the first of several parallel calls carries a signature.
    ...(index === 0 && { thoughtSignature: 'c2ln' }),
  }));
  return answer.text === undefined ? made : [{ text: answer.text }, ...made];
}

function response(
  { model }: Asked,
  { id, answer }: { readonly id: string; readonly answer: Answer },
  parts: readonly unknown[],
  isLast: boolean,
): unknown {
  const used = usedBy(answer);
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...(isLast && { finishReason: 'STOP' }) }],
    usageMetadata: {
      promptTokenCount: used.input,
      candidatesTokenCount: used.output,
      totalTokenCount: used.input + used.output,
    },
    modelVersion: model,
    responseId: `r${id}`,
  };
}
