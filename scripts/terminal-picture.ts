import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Draws `docs/images/terminal.svg`, the picture in the READMEs, from a real run: it starts the demo, asks a model whose first provider
 * fails, and shows what comes.
 */
const ROOT = join(import.meta.dir, '..');
const PICTURE = join(ROOT, 'docs', 'images', 'terminal.svg');

/** The header fields that the picture shows, in this order. */
const SHOWN = ['x-llm-proxy-provider', 'x-llm-proxy-attempts', 'x-llm-proxy-trail'];

interface Line {
  readonly text: string;
  readonly kind: 'command' | 'plain' | 'soft' | 'good';
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-picture-'));
  const port = await freePort();
  const demo = Bun.spawn([join(ROOT, 'bin', 'llm-proxy'), '--port', String(port)], {
    cwd: folder,
    stdout: 'pipe',
    stderr: 'inherit',
  });
  try {
    await isUp(port);
    await Bun.write(PICTURE, draw(await session(port)));
    console.log(PICTURE);
  } finally {
    demo.kill();
    await demo.exited;
    await rm(folder, { recursive: true });
  }
}

async function session(port: number): Promise<Line[]> {
  const body = { model: 'demo-unreliable', messages: [{ role: 'user', content: 'Hello!' }], stream: true };
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-demo-key', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const events = (await response.text()).split('\n\n').filter((event) => event !== '');
  const fields = SHOWN.map((name): Line => {
    const text = `${name}: ${response.headers.get(name) ?? ''}`;
    return { text, kind: name === 'x-llm-proxy-trail' ? 'good' : 'plain' };
  });
  return [
    { text: '$ ./run.sh &', kind: 'command' },
    {
      text: '$ curl -siN http://127.0.0.1:18000/v1/chat/completions -H "Authorization: Bearer sk-demo-key" \\',
      kind: 'command',
    },
    {
      text: '    -d \'{"model": "demo-unreliable", "stream": true, "messages": [{"role": "user", "content": "Hello!"}]}\'',
      kind: 'command',
    },
    { text: `HTTP/1.1 ${response.status} OK`, kind: 'plain' },
    ...fields,
    { text: '', kind: 'plain' },
    ...events.slice(1, 4).map((event): Line => ({ text: shortened(event), kind: 'soft' })),
    { text: '…', kind: 'soft' },
    { text: events.at(-1) ?? '', kind: 'soft' },
  ];
}

function shortened(event: string): string {
  const content = /"content":"(?:[^"\\]|\\.)*"/.exec(event)?.[0];
  return content === undefined ? event.slice(0, 90) : `data: {"choices":[{"delta":{${content}}}], …}`;
}

const WIDTH = 900;
const LINE_HEIGHT = 22;

function draw(lines: readonly Line[]): string {
  const height = 64 + lines.length * LINE_HEIGHT;
  const rows = lines.map(({ text, kind }, index) => {
    const y = 66 + index * LINE_HEIGHT;
    return `  <text class="${kind}" x="24" y="${y}" xml:space="preserve">${escaped(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">The demo in a terminal</title>
  <desc id="desc">A request to a model whose first provider fails. The second provider answers, and the header x-llm-proxy-trail tells of both attempts.</desc>
  <style>
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #e6edf3; }
    .command { fill: #ffffff; font-weight: 600; }
    .soft { fill: #9198a1; }
    .good { fill: #3fb950; }
  </style>
  <rect width="${WIDTH}" height="${height}" rx="10" fill="#0d1117"/>
  <circle cx="28" cy="24" r="6" fill="#f85149"/><circle cx="50" cy="24" r="6" fill="#d29922"/><circle cx="72" cy="24" r="6" fill="#3fb950"/>
${rows.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const { port } = server;
  await server.stop(true);
  return port ?? 0;
}

/** Resolves once the gateway answers. Throws after ten seconds. */
async function isUp(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await Bun.sleep(50);
  }
  throw new Error('the demo did not start');
}

await main();
