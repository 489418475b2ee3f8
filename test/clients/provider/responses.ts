import {
  type Answer,
  type ApiScript,
  type Asked,
  argumentsOf,
  type Call,
  type OfferedTool,
  type StreamEvent,
  usedBy,
} from './script.ts';

interface Tool {
  readonly type: string;
  readonly name?: string;
  readonly tools?: readonly Tool[];
}

interface Item {
  readonly type?: string;
  readonly output?: string | readonly { readonly type: string; readonly text?: string }[];
  readonly tools?: readonly Tool[];
}

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly Tool[];
  readonly input?: string | readonly Item[];
}

/** OpenAI's Responses API. */
export const responses: ApiScript = {
  read(request) {
    const body = JSON.parse(request.body) as Body;
    const items = typeof body.input === 'string' ? [] : (body.input ?? []);
    const added = items.filter(({ type }) => type === 'additional_tools').flatMap(({ tools }) => tools ?? []);
    return {
      ...request,
      api: 'responses',
      model: body.model,
      streams: body.stream === true,
      tools: [...(body.tools ?? []), ...added].flatMap((tool) => offered(tool)),
      results: items.filter(({ type }) => type?.endsWith('_call_output')).map(({ output }) => textOf(output)),
    };
  },
  whole: (asked, answer, id) => finished(asked, answer, id),
  play(asked, answer, id) {
    const number = counter();
    const numbered = (name: string, data: Readonly<Record<string, unknown>>): StreamEvent => ({
      name,
      data: { type: name, sequence_number: number(), ...data },
    });
    const begun = { ...base(asked, id), status: 'in_progress' };
    const from = answer.thinking ? 1 : 0;
    const opening = [
      numbered('response.created', { response: begun }),
      numbered('response.in_progress', { response: begun }),
    ];
    const thinking = answer.thinking && {
      start: [numbered('response.output_item.added', { output_index: 0, item: reasoning(id) })],
      alive: { name: 'keepalive', data: { type: 'keepalive' } },
      end: [numbered('response.output_item.done', { output_index: 0, item: reasoning(id) })],
    };
    return {
      opening,
      ...(thinking && { thinking }),
      content: itemsOf(answer, id).flatMap((item, index) => itemEvents(item, from + index, numbered)),
      closing: [numbered('response.completed', { response: finished(asked, answer, id) })],
    };
  },
  failure: ({ code, message }, id) => ({
    name: 'response.failed',
    data: {
      type: 'response.failed',
      sequence_number: 99,
      response: {
        id: `resp_${id}`,
        object: 'response',
        status: 'failed',
        output: [],
        error: { code, message },
      },
    },
  }),
  refusal: ({ code, message }) => ({ error: { message, type: code, param: null, code } }),
};

function offered(tool: Tool): OfferedTool[] {
  if (tool.type === 'namespace') {
    return (tool.tools ?? []).flatMap((inner) =>
      offered(inner).map((found) => ({ ...found, ...(tool.name !== undefined && { namespace: tool.name }) })),
    );
  }
  const kind = tool.type === 'custom' ? 'custom' : 'function';
  return [{ name: tool.name ?? tool.type, kind }];
}

function textOf(output: Item['output']): string {
  if (output === undefined || typeof output === 'string') return output ?? '';
  return output
    .map((part) => part.text ?? `[${part.type === 'input_image' ? 'image' : part.type}]`)
    .join('\n');
}

function counter(): () => number {
  let next = 0;
  return () => next++;
}

function base({ model }: Asked, id: string): Record<string, unknown> {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: 1_790_000_000,
    model,
    output: [],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: null,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    temperature: 1,
    top_p: 1,
  };
}

function finished(asked: Asked, answer: Answer, id: string): Record<string, unknown> {
  const used = usedBy(answer);
  return {
    ...base(asked, id),
    status: 'completed',
    output: [...(answer.thinking ? [reasoning(id)] : []), ...itemsOf(answer, id)],
    usage: {
      input_tokens: used.input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: used.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: used.input + used.output,
    },
  };
}

function reasoning(id: string): Record<string, unknown> {
  return { type: 'reasoning', id: `rs_${id}`, summary: [], encrypted_content: 'eA==' };
}

interface OutputItem {
  readonly id: string;
  readonly type: 'message' | 'function_call' | 'custom_tool_call';
  readonly [field: string]: unknown;
}

function itemsOf(answer: Answer, id: string): OutputItem[] {
  const message: OutputItem = {
    type: 'message',
    id: `msg_${id}`,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: answer.text, annotations: [] }],
  };
  const made = (answer.calls ?? []).map((call, index) => callItem(call, `${id}_${index}`));
  return answer.text === undefined ? made : [message, ...made];
}

function callItem(call: Call, id: string): OutputItem {
  const { name, namespace, kind } = call.tool;
  const common = {
    call_id: `call_${id}`,
    name,
    ...(namespace !== undefined && { namespace }),
    status: 'completed',
  };
  return kind === 'custom'
    ? { type: 'custom_tool_call', id: `ctc_${id}`, ...common, input: argumentsOf(call) }
    : { type: 'function_call', id: `fc_${id}`, ...common, arguments: argumentsOf(call) };
}

type Numbered = (name: string, data: Readonly<Record<string, unknown>>) => StreamEvent;

function itemEvents(item: OutputItem, index: number, numbered: Numbered): StreamEvent[] {
  const at = { item_id: item.id, output_index: index };
  const added = (emptied: object): StreamEvent =>
    numbered('response.output_item.added', {
      output_index: index,
      item: { ...item, status: 'in_progress', ...emptied },
    });
  const inner: StreamEvent[] = [];
  if (item.type === 'message') {
    const part = (item['content'] as readonly { readonly text: string }[])[0];
    const text = { ...at, content_index: 0 };
    inner.push(
      added({ content: [] }),
      numbered('response.content_part.added', { ...text, part: { ...part, text: '' } }),
      numbered('response.output_text.delta', { ...text, delta: part?.text, logprobs: [] }),
      numbered('response.output_text.done', { ...text, text: part?.text, logprobs: [] }),
      numbered('response.content_part.done', { ...text, part }),
    );
  } else {
    const [field, name] =
      item.type === 'custom_tool_call'
        ? (['input', 'response.custom_tool_call_input'] as const)
        : (['arguments', 'response.function_call_arguments'] as const);
    inner.push(
      added({ [field]: '' }),
      numbered(`${name}.delta`, { ...at, delta: item[field] }),
      numbered(`${name}.done`, { ...at, [field]: item[field] }),
    );
  }
  return [...inner, numbered('response.output_item.done', { output_index: index, item })];
}
