import type { OpenApiDocument } from '../openapi/types.ts';
import type { DocsFile } from './page-file.ts';

export interface DocsOptions {
  readonly version: string;
  /** Whether `/metrics` is served beside the API. */
  readonly hasMetrics: boolean;
  /** The Admin API's document; undefined: there is no Admin API. */
  readonly admin: (() => Promise<OpenApiDocument>) | undefined;
}

/** Answers `/openapi.json` and everything at and below `/docs`; undefined: there is nothing at this path. */
export type Docs = (request: Request, path: string) => Promise<Response | undefined>;

/** The page about the API and its document. Both are loaded on the first request. */
export function createDocs(options: DocsOptions): Docs {
  let files: Promise<ReadonlyMap<string, DocsFile>> | undefined;
  return async (request, path) => {
    // All links on the page are relative to it.
    if (path === '/docs/') return new Response(null, { status: 308, headers: { location: '../docs' } });
    files ??= load(options);
    const file = (await files).get(path);
    return file && answer(file, request);
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

/** RFC 9110 §13.1.2: an unchanged file is not sent again. It may change with each version. */
function answer({ headers, body }: DocsFile, request: Request): Response {
  const known = request.headers.get('if-none-match')?.split(',') ?? [];
  const isKnown = known.some((tag) => tag.trim().replace(/^W\//, '') === headers['etag']);
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}
