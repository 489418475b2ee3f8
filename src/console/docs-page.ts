import type { OpenApiDocument } from '../openapi/types.ts';
import type { DocsFile } from './page-file.ts';

export interface DocsOptions {
  readonly version: string;
  /** Whether `/metrics` is served beside the API. */
  readonly hasMetrics: boolean;
  /** The Admin API's document; undefined: there is no Admin API. */
  readonly admin: (() => Promise<OpenApiDocument>) | undefined;
  /** The path of the console on the same listener; undefined: it is not there. Read for each request. */
  readonly console?: (() => string | undefined) | undefined;
}

/** Answers `/openapi.json` and everything at and below `/docs`; undefined: there is nothing at this path. */
export type Docs = (request: Request, path: string) => Promise<Response | undefined>;

/** The page about the API and its document. Both are loaded on the first request. */
export function createDocs(options: DocsOptions): Docs {
  let files: Promise<ReadonlyMap<string, DocsFile>> | undefined;
  return async (request, path) => {
    // All links on the page are relative to it.
    if (path === '/docs/') return new Response(null, { status: 308, headers: { location: '../docs' } });
    if (FONT.test(path)) return answer(await fontFile(path), request);
    files ??= load(options);
    const file = (await files).get(path);
    if (file === undefined) return undefined;
    return answer(path === '/docs' ? linked(file, options.console?.()) : file, request);
  };
}

async function load({ version, hasMetrics, admin }: DocsOptions): Promise<ReadonlyMap<string, DocsFile>> {
  const [{ openApiDocument }, { pageFiles }, { docsFile }] = await Promise.all([
    import('../openapi/document.ts'),
    import('./page-files.ts'),
    import('./page-file.ts'),
  ]);
  const document = openApiDocument({ version, hasMetrics, admin: await admin?.() });
  return new Map([...pageFiles(), ['/openapi.json', docsFile('application/json', JSON.stringify(document))]]);
}

const FONT = /^\/docs\/font\.(?:css|woff2)$/;

/** The console's font, or the style sheet that names it. While the console is not built, the sheet is empty. */
async function fontFile(path: string): Promise<DocsFile> {
  const [{ docsFont }, { docsFile }] = await Promise.all([
    import('./docs-font.ts'),
    import('./page-file.ts'),
  ]);
  const font = await docsFont();
  if (path.endsWith('.woff2')) return docsFile('font/woff2', font ?? new Uint8Array());
  return docsFile('text/css; charset=utf-8', font === undefined ? '' : FONT_FACE);
}

const FONT_FACE = `@font-face {
  font-family: 'Inter Variable';
  font-display: swap;
  font-weight: 100 900;
  src: url('font.woff2') format('woff2');
}
`;

/** Tells the page where the console is. */
function linked(file: DocsFile, console: string | undefined): DocsFile {
  if (console === undefined || typeof file.body !== 'string') return file;
  const body = file.body.replace('<html lang="en"', `<html lang="en" data-console="${console}"`);
  return { body, headers: { ...file.headers, etag: `"${Bun.hash(body).toString(16)}"` } };
}

/** RFC 9110 §13.1.2: an unchanged file is not sent again. It may change with each version. */
function answer({ headers, body }: DocsFile, request: Request): Response {
  const known = request.headers.get('if-none-match')?.split(',') ?? [];
  const isKnown = known.some((tag) => tag.trim().replace(/^W\//, '') === headers['etag']);
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}
