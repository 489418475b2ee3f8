/** A request for display as code, with its credential in an environment variable. */
export interface SnippetRequest {
  readonly method: string;
  readonly url: string;
  /** Without the credential and the content type. */
  readonly headers: Readonly<Record<string, string>>;
  /** The variable of the credential; undefined: none is sent. */
  readonly variable: string | undefined;
  readonly body: SnippetBody;
}

export type SnippetBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'form'; readonly fields: readonly (readonly [name: string, value: string])[] };

/** The same request in each language. */
export const SNIPPETS = { cURL: curl, Python: python, JavaScript: javascript } as const;

function curl({ method, url, headers, variable, body }: SnippetRequest): string {
  const isStream = body.kind === 'json' && /"stream":\s*true/.test(body.text);
  const isPlain = method === 'GET' || (method === 'POST' && body.kind !== 'none');
  const lines = [
    `curl ${isStream ? '-N ' : ''}${isPlain ? '' : `-X ${method} `}${quoted(url)}`,
    ...(variable === undefined ? [] : [`-H "Authorization: Bearer $${variable}"`]),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
  ];
  if (body.kind === 'json')
    lines.push('-H "Content-Type: application/json"', `-d ${quoted(compact(body.text))}`);
  if (body.kind === 'form')
    lines.push(...body.fields.map(([name, value]) => `-F ${quoted(`${name}=${value}`)}`));
  return lines.join(' \\\n  ');
}

function python({ method, url, headers, variable, body }: SnippetRequest): string {
  const fields = [
    ...(variable === undefined ? [] : [`"Authorization": "Bearer " + os.environ["${variable}"]`]),
    ...Object.entries(headers).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`),
  ];
  const given = [
    ...(fields.length === 0 ? [] : [`    headers={${fields.join(', ')}},`]),
    ...(body.kind === 'json' ? [`    json=${pythonValue(body.text)},`] : []),
    ...(body.kind === 'form'
      ? [
          `    files={${body.fields.map(([name, value]) => `${JSON.stringify(name)}: ${fileOrText(value)}`).join(', ')}},`,
        ]
      : []),
  ];
  return [
    ...(variable === undefined ? [] : ['import os']),
    'import requests',
    '',
    'response = requests.request(',
    `    "${method}",`,
    `    ${JSON.stringify(url)},`,
    ...given,
    ')',
    'print(response.text)',
  ].join('\n');
}

function fileOrText(value: string): string {
  return value.startsWith('@')
    ? `open(${JSON.stringify(value.slice(1))}, "rb")`
    : `(None, ${JSON.stringify(value)})`;
}

/** A JSON text as a value of Python. */
function pythonValue(text: string): string {
  const words: Readonly<Record<string, string>> = { true: 'True', false: 'False', null: 'None' };
  return pretty(text)
    .replaceAll(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) => words[token] ?? token)
    .replaceAll('\n', '\n    ');
}

function javascript({ method, url, headers, variable, body }: SnippetRequest): string {
  const fields = [
    ...(variable === undefined ? [] : [`Authorization: \`Bearer \${process.env.${variable}}\``]),
    ...(body.kind === 'json' ? ["'Content-Type': 'application/json'"] : []),
    ...Object.entries(headers).map(([name, value]) => `'${name}': ${JSON.stringify(value)}`),
  ];
  const form = body.kind === 'form' ? body.fields : [];
  return [
    ...(form.length === 0 ? [] : ['const form = new FormData();']),
    ...form.map(([name, value]) => `form.append('${name}', ${blobOrText(value)});`),
    `const response = await fetch(${JSON.stringify(url)}, {`,
    `  method: '${method}',`,
    ...(fields.length === 0 ? [] : [`  headers: { ${fields.join(', ')} },`]),
    ...(body.kind === 'json'
      ? [`  body: JSON.stringify(${pretty(body.text).replaceAll('\n', '\n  ')}),`]
      : []),
    ...(form.length === 0 ? [] : ['  body: form,']),
    '});',
    'console.log(await response.text());',
  ].join('\n');
}

function blobOrText(value: string): string {
  return value.startsWith('@')
    ? `new Blob([await readFile('${value.slice(1)}')]), '${value.slice(1)}'`
    : JSON.stringify(value);
}

/** Quoted for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function compact(text: string): string {
  return rewritten(text, undefined);
}

function pretty(text: string): string {
  return rewritten(text, 2);
}

function rewritten(text: string, indent: number | undefined): string {
  try {
    return JSON.stringify(JSON.parse(text), null, indent);
  } catch {
    return text;
  }
}
