import { docsFile, type DocsFile } from './page-file.ts';
import { sources } from './page-sources.js';

/** The files of the page by path: the page itself at `/docs`, the rest below it. */
export function pageFiles(): [path: string, file: DocsFile][] {
  const transpiler = new Bun.Transpiler({ loader: 'ts', target: 'browser', minifyWhitespace: true });
  const { 'index.html': html = '', ...others } = sources;
  const page = docsFile('text/html; charset=utf-8', withPreloads(html), {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
  });
  const files = Object.entries(others).map(([name, source]): [string, DocsFile] => {
    const extension = name.slice(name.lastIndexOf('.') + 1);
    // Browsers cannot parse types.
    const body = extension === 'ts' ? transpiler.transformSync(source) : source;
    return [`/docs/${name}`, docsFile(TYPES[extension] ?? 'application/octet-stream', body)];
  });
  return [['/docs', page], ...files];
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ts: 'text/javascript; charset=utf-8',
};

/** Scripts import each other; without preloads, a browser would discover them one after the other. */
function withPreloads(html: string): string {
  const links = Object.keys(sources)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `<link rel="modulepreload" href="docs/${name}" />`);
  return html.replace('</head>', `${links.join('')}</head>`);
}

/** The page loads nothing from elsewhere, sends nothing elsewhere, and never turns text into markup or script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
