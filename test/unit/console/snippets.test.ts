import { afterAll, beforeEach, expect, test } from 'bun:test';
import { SNIPPETS, type SnippetRequest } from '../../../src/console/page/snippets.ts';

interface Arrival {
  readonly line: string;
  readonly headers: Headers;
  readonly text: string;
}

let arrivals: Arrival[] = [];
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    const { pathname, search } = new URL(request.url);
    const line = `${request.method} ${pathname}${search}`;
    arrivals.push({ line, headers: request.headers, text: await request.text() });
    return new Response('fine');
  },
});
beforeEach(() => {
  arrivals = [];
});
afterAll(() => server.stop(true));

const BODY = {
  model: "it's",
  stream: true,
  stop: null,
  messages: [{ role: 'user', content: 'a "b" $HOME `c`\nd \\ true' }],
};

const post: SnippetRequest = {
  method: 'POST',
  url: `${server.url.origin}/v1/chat/completions`,
  headers: { 'x-llm-proxy-provider': 'some one' },
  variable: 'LLM_PROXY_KEY',
  body: { kind: 'json', text: JSON.stringify(BODY, null, 2) },
};

async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], {
    env: { ...process.env, LLM_PROXY_KEY: 'mk-key' },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(errors);
  return output;
}

const RUNNERS = {
  cURL: (code: string) => run(['sh', '-c', code]),
  JavaScript: (code: string) => run([process.execPath, '-e', code]),
} as const;

for (const language of ['cURL', 'JavaScript'] as const) {
  const isMissing = language === 'cURL' && Bun.which('curl') === null;
  test.skipIf(isMissing)(`${language}: the code sends the request that is shown`, async () => {
    expect((await RUNNERS[language](SNIPPETS[language](post))).trim()).toBe('fine');
    const [{ line, headers, text } = { line: '', headers: new Headers(), text: '' }] = arrivals;
    expect(line).toBe('POST /v1/chat/completions');
    expect(JSON.parse(text)).toEqual(BODY);
    expect(headers.get('authorization')).toBe('Bearer mk-key');
    expect(headers.get('x-llm-proxy-provider')).toBe('some one');
    expect(headers.get('content-type')).toStartWith('application/json');
  });

  test.skipIf(isMissing)(
    `${language}: the code needs neither key nor body where there are none`,
    async () => {
      const url = `${server.url.origin}/health?probe=chat`;
      const request: SnippetRequest = {
        method: 'DELETE',
        url,
        headers: {},
        variable: undefined,
        body: { kind: 'none' },
      };
      await RUNNERS[language](SNIPPETS[language](request));
      await RUNNERS[language](SNIPPETS[language]({ ...request, method: 'GET' }));
      expect(arrivals.map(({ line }) => line)).toEqual([
        'DELETE /health?probe=chat',
        'GET /health?probe=chat',
      ]);
    },
  );
}

test.skipIf(Bun.which('curl') === null)('cURL: a form is sent as one', async () => {
  const fields = [
    ['model', 'whisper'],
    ['language', "it's"],
  ] as const;
  await RUNNERS.cURL(SNIPPETS.cURL({ ...post, body: { kind: 'form', fields } }));
  const [arrival] = arrivals;
  expect(arrival?.headers.get('content-type')).toStartWith('multipart/form-data');
  expect(arrival?.text).toContain("it's");
});

test.skipIf(Bun.which('python3') === null)('Python: the code has the body that is shown', async () => {
  const read = `
import ast, json, sys
call = next(node for node in ast.walk(ast.parse(sys.argv[1])) if isinstance(node, ast.Call) and node.args)
print(json.dumps({word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg == "json"}["json"]))`;
  const found = await run(['python3', '-c', read, SNIPPETS.Python(post)]);
  expect(JSON.parse(found)).toEqual(BODY);
});
