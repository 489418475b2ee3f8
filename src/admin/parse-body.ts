import type { z } from 'zod';
import { formatPath, kindOf } from '../config/read/problems.ts';
import { nearest } from '../lib/nearest.ts';
import type { JsonObject } from '../store/revision.ts';
import { AdminProblem, type Detail, listed } from './problem.ts';

/** The largest body: far more than any resource needs. */
const MOST_BYTES = 1024 * 1024;

/** Reads a JSON object of the schema's shape. Throws `AdminProblem` with one detail for each thing that is wrong. */
export async function parseBody(request: Request, schema: z.ZodType): Promise<JsonObject> {
  const value = parseJson(await readText(request));
  const result = schema.safeParse(value);
  if (result.success) return result.data as JsonObject;
  const details = result.error.issues.flatMap((issue) => explain(issue, value, fieldsOf(schema)));
  throw new AdminProblem('invalid_fields', listed('The body is not valid', details), { details });
}

async function readText(request: Request): Promise<string> {
  const tooLarge = new AdminProblem('body_too_large', `The body is larger than ${MOST_BYTES} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > MOST_BYTES) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw tooLarge;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AdminProblem('invalid_json', 'The body is not text in UTF-8.');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would repeat what may be a secret.
    throw new AdminProblem('invalid_json', 'The body is not valid JSON.');
  }
}

function explain(issue: z.core.$ZodIssue, value: unknown, known: readonly string[]): Detail[] {
  const path = formatPath(issue.path.map((step) => (typeof step === 'number' ? step : String(step))));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: unknownField(key, path === '' ? known : []),
    }));
  }
  if (issue.code === 'invalid_type') {
    const found = issue.path.reduce<unknown>((node, step) => Reflect.get(Object(node), step), value);
    return [
      {
        path,
        message:
          found === undefined ? 'is missing' : `must be of type ${issue.expected}, found ${kindOf(found)}`,
      },
    ];
  }
  return [{ path, message: wordsFor(issue) }];
}

function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  if (issue.code === 'too_small') {
    return issue.origin === 'string' || issue.origin === 'array'
      ? 'must not be empty'
      : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  }
  return issue.code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message;
}

function unknownField(key: string, known: readonly string[]): string {
  const suggestion = nearest(key, known);
  return suggestion === undefined
    ? 'is an unknown field'
    : `is an unknown field; did you mean "${suggestion}"?`;
}

function fieldsOf(schema: z.ZodType): string[] {
  const shape: unknown = Reflect.get(schema, 'shape');
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
