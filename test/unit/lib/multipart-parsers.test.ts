import { Busboy } from '@fastify/busboy';
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { peekRequest } from '../../../src/protocols/request.ts';
import { spliceRequest } from '../../../src/protocols/splice-request.ts';
import { findPython } from '../../docs/python.ts';

/** A form that a client sends, and the form that is forwarded. */
interface Form {
  readonly contentType: string;
  readonly body: Buffer;
}

interface Accepted extends Form {
  readonly received: Form;
  readonly checked: string | undefined;
}

const SECRET = 'secret';
const CHEAP = 'cheap';

describe('a form that passes says to every parser what was checked', () => {
  const accepted = [...attacks(), ...mutations(4_000)].flatMap(passOn);

  test('some of them pass, and some do not', () => {
    expect(accepted.filter(({ checked }) => checked === CHEAP).length).toBeGreaterThan(100);
    expect(accepted.length).toBeLessThan(4_000);
  });

  test("the runtime's own", async () => {
    for (const form of accepted) expectChecked(form, await modelsOfRuntime(form));
  });

  test('@fastify/busboy', async () => {
    for (const form of accepted) expectChecked(form, await modelsOfBusboy(form));
  });

  const python = findPython();
  test.skipIf(python === undefined || !hasParsers(python))('python-multipart and Werkzeug', async () => {
    const input = JSON.stringify(
      accepted.map(({ contentType, body }) => [contentType, body.toString('base64')]),
    );
    const parser = Bun.spawn([python ?? '', join(import.meta.dir, 'multipart-parsers.py')], {
      stdin: Buffer.from(input),
      stdout: 'pipe',
      stderr: 'ignore',
    });
    const found = (await new Response(parser.stdout).json()) as string[][][];
    expect(found.length).toBe(accepted.length);
    for (const [index, form] of accepted.entries()) {
      for (const models of found[index] ?? []) expectChecked(form, models);
    }
  });
});

function expectChecked({ checked, received }: Accepted, models: readonly string[]): void {
  const others = models.filter((model) => model !== checked);
  expect({ others, form: others.length === 0 ? '' : text(received) }).toEqual({ others: [], form: '' });
}

function text({ contentType, body }: Form): string {
  return `${contentType}\n${body.toString('latin1')}`;
}

/** Forms that are made to be ambiguous. */
function attacks(): Form[] {
  const inner = part('a', 'name="model"', CHEAP);
  const body = `${part('b', 'name="model"', SECRET)}${part('b', 'name="file"; filename="a.wav"', `\r\n${inner}--a--\r\n`)}--b--\r\n`;
  return [
    'boundary=a; boundary=b',
    'x="; boundary=a;"; boundary=b',
    'x="\\"; boundary=a; y=\\""; boundary=b',
    "boundary=a; boundary*=utf-8''b",
    'boundary=a; boundary*0=b',
    '; boundary=a',
    'boundary="a"b; boundary=b',
    'boundary=a ; boundary=b',
    'boundary=b',
    'boundary=a',
    'boundary="a"',
  ].map((parameters) => form(`multipart/form-data; ${parameters}`, body));
}

/** Random forms of parts that parsers disagree about. */
function mutations(count: number): Form[] {
  const random = seeded(7);
  const one = (choices: readonly string[]): string => choices[Math.floor(random() * choices.length)] ?? '';
  const rarely = (usual: string, others: readonly string[]): string =>
    random() < 0.93 ? usual : one(others);
  const value = (): string =>
    one([CHEAP, CHEAP, SECRET, '', `${CHEAP}\r\n`, `x\r\n--b2\r\n`, '\r\n\r\n', `--b`]);
  return Array.from({ length: count }, () => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
      const open = rarely('--b\r\n', [
        '--b \r\n',
        '--b\n',
        '--b\r',
        '--bx\r\n',
        '--b\r\n\r\n',
        ' --b\r\n',
        '--B\r\n',
      ]);
      const name = one([...NAMES]);
      const more = rarely('', [
        '\r\nContent-Length: 5',
        '\r\nContent-Type: text/plain; charset=utf-16',
        '\r\n X: y',
        '\nX: y',
        ...EXTRA,
      ]);
      const end = rarely('\r\n\r\n', ['\n\n', '\r\n', '\r\r\n\n']);
      return `${open}Content-Disposition: form-data; ${name}${more}${end}${value()}${rarely('\r\n', ['\n', ''])}`;
    });
    const last = rarely('--b--\r\n', [
      '--b--',
      '--b-- \r\n',
      '--b--x',
      '--b',
      `--b--\r\n${part('b', 'name="model"', SECRET)}--b--`,
    ]);
    const type = rarely('multipart/form-data; boundary=b', TYPES);
    return form(type, `${rarely('', ['x\r\n', '\r\n', '\n'])}${parts.join('')}${last}`);
  });
}

const NAMES = [
  ...Array.from({ length: 20 }, () => 'name="model"'),
  'name=model',
  'name="mo\\del"',
  'name = "model"',
  'NAME="model"',
  'name="Model"',
  'name="x"; name="model"',
  "name*=utf-8''model",
  'name*0=mo; name*1=del',
  'name="model"; filename=a',
  'name="model"; filename*=utf-8\'\'a',
  'name="x"; filename="; name=\\"model\\""',
  'name="x"; filename="a\\"; name="model"',
  ';name="model"',
  'name="model";',
  'name="x\r\n--b',
];

const EXTRA = [
  '\r\nContent-Disposition: form-data; name="x"',
  '\r\nContent-Transfer-Encoding: base64',
  '\r\nContent-Transfer-Encoding: quoted-printable',
];

const TYPES = [
  'multipart/form-data; boundary="b"',
  'multipart/form-data; charset="a;boundary=x"; boundary=b',
  'multipart/form-data; boundary=b; charset=utf-16',
  'multipart/form-data;boundary=b;',
  'MULTIPART/FORM-DATA; BOUNDARY=b',
];

function part(boundary: string, disposition: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
}

function form(contentType: string, body: string): Form {
  return { contentType, body: Buffer.from(body, 'latin1') };
}

/** The form that a provider receives. Empty if the gateway refuses it. */
function passOn(received: Form): Accepted[] {
  const peek = peekRequest(received.body, received.contentType);
  if (peek.kind !== 'multipart') return [];
  const body = Buffer.concat(spliceRequest(received.body, peek, {}));
  return [{ contentType: peek.contentType, body, received, checked: peek.model }];
}

async function modelsOfRuntime({ contentType, body }: Form): Promise<string[]> {
  try {
    const response = new Response(new Uint8Array(body), { headers: { 'content-type': contentType } });
    return (await response.formData()).getAll('model').map(String);
  } catch {
    return [];
  }
}

async function modelsOfBusboy({ contentType, body }: Form): Promise<string[]> {
  const models: string[] = [];
  const ended = Promise.withResolvers<void>();
  try {
    const busboy = new Busboy({ headers: { 'content-type': contentType } });
    busboy.on('field', (name, value) => void (name === 'model' && models.push(value)));
    busboy.on('file', (_, file) => void file.resume());
    busboy.on('finish', () => ended.resolve());
    busboy.on('error', () => ended.resolve());
    // This parser does not report that the end of a form is missing.
    setTimeout(() => ended.resolve(), 20);
    busboy.end(body);
    await ended.promise;
  } catch {
    // A form that the parser refuses carries no model.
  }
  return models;
}

function hasParsers(python: string): boolean {
  return Bun.spawnSync([python, '-c', 'import python_multipart, werkzeug']).exitCode === 0;
}

/** Marsaglia's xorshift: the same forms in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
