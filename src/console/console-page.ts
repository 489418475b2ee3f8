import type { ConsoleFile, ConsoleFiles, Encoding } from './console-files.ts';

export interface ConsoleOptions {
  /** The path of the console, such as `/console`. Read for each request. */
  readonly path: () => string;
  /** The folder of the built console; left out: the checkout's or the package's. */
  readonly folder?: string;
}

/** Answers a request for the console's path or below it. */
export type Console = (request: Request, path: string) => Promise<Response>;

/** The console's page and files, loaded when they are first asked for. */
export function createConsole({ path: consolePath, folder }: ConsoleOptions): Console {
  let files: ConsoleFiles | undefined;
  return async (request, path) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return plain(405, 'This address answers GET.', { allow: 'GET, HEAD' });
    const { openConsoleFiles } = await import('./console-files.ts');
    files ??= openConsoleFiles(folder);
    const base = consolePath();
    const rest = path.slice(base.length + 1);
    const file = rest === '' || rest === 'index.html' ? undefined : await files.find(rest);
    if (file !== undefined) return answer(file, request);
    // An address of a view has no extension; a missing file must not be answered by the page.
    if (/\.[a-z0-9]{1,12}$/i.test(rest) && rest !== 'index.html') return plain(404, 'There is no such file.');
    const html = await files.page();
    return html === undefined ? beingPrepared() : page(forPage(html, rest), base, request);
  };
}

/** The page with the links to scripts of the view at a path, and of no other. */
function forPage(html: string, path: string): string {
  const view = path.split('/')[0] || 'overview';
  return html.replaceAll(PAGE_LINKS, (_, name: string, links: string) => (name === view ? links : ''));
}

/** The block of links that `console/build.ts` writes for each page. */
const PAGE_LINKS = /<!--page (\w+)-->([^]*?)<!--\/page-->/g;

/** Headers that every answer of the console has. */
const PROTECTION = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

async function answer(file: ConsoleFile, request: Request): Promise<Response> {
  const headers: Record<string, string> = {
    ...PROTECTION,
    'content-type': file.type,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  const known = request.headers.get('if-none-match')?.split(',') ?? [];
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === file.etag))
    return new Response(null, { status: 304, headers });
  const encodings = file.isText ? (['br', 'gzip', 'identity'] as const) : (['identity'] as const);
  return encoded(file.bytes, { request, headers, encodings });
}

/** The page, with its base address and a nonce of its own. */
async function page(html: string, base: string, request: Request): Promise<Response> {
  const { compress } = await import('./console-files.ts');
  const nonce = newNonce();
  const text = html
    .replace('<base href="/console/"', `<base href="${base}/"`)
    .replaceAll('__CSP_NONCE__', nonce);
  const bytes = new TextEncoder().encode(text);
  // It differs each time, so it gets the encoding that is made fastest.
  const encodings = ['gzip', 'identity'] as const;
  return encoded((encoding) => compress(bytes, encoding), {
    request,
    headers: pageHeaders(nonce),
    encodings,
  });
}

/**
 * The page loads nothing from elsewhere, sends nothing elsewhere, runs no script that is in it, and is in no frame. The
 * nonce allows the style elements that an editor adds.
 */
function pageHeaders(nonce: string): Record<string, string> {
  const policy = [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return {
    ...PROTECTION,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
  };
}

interface Sending {
  readonly request: Request;
  readonly headers: Readonly<Record<string, string>>;
  /** The best one first. */
  readonly encodings: readonly Encoding[];
}

async function encoded(
  bytes: ConsoleFile['bytes'],
  { request, headers, encodings }: Sending,
): Promise<Response> {
  const accepted = request.headers.get('accept-encoding') ?? '';
  const encoding = encodings.find((one) => one === 'identity' || accepts(accepted, one)) ?? 'identity';
  const body = await bytes(encoding);
  return new Response(request.method === 'HEAD' ? null : body, {
    headers: { ...headers, ...(encoding !== 'identity' && { 'content-encoding': encoding }) },
  });
}

/** RFC 9110 §12.5.3, as far as clients use it: an encoding is accepted if it is named without `q=0`. */
function accepts(field: string, encoding: Encoding): boolean {
  return field.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === encoding && !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
  });
}

const PREPARING = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<title>llm-proxy console</title>
<p>The console is being prepared. This page loads again by itself.</p>
<p>If it does not, <code>./run.sh</code> prints why.</p></html>
`;

function beingPrepared(): Response {
  const headers = { ...pageHeaders(newNonce()), 'retry-after': '1' };
  return new Response(PREPARING, { status: 503, headers });
}

function newNonce(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: 'base64url', omitPadding: true });
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  const all = { ...PROTECTION, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return new Response(`${text}\n`, { status, headers: { ...all, ...headers } });
}
