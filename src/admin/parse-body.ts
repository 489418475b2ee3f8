import type { z } from 'zod';
import { formatPath, type Path } from '../config/read/problems.ts';
import { explainIssues } from './explain-issues.ts';
import type { Operation } from './operation.ts';
import type { JsonObject } from '../store/revision.ts';
import { AdminProblem, type Detail, listed } from './problem.ts';
import { findRepeatedField } from './repeated-field.ts';

/** The largest body: far more than any resource needs. */
const MOST_BYTES = 1024 * 1024;

/** The largest body with free text: more than the configuration of 100,000 keys. */
const MOST_TEXT_BYTES = 32 * 1024 * 1024;

/** Reads the body of an operation: JSON by its schema, or text. Throws `AdminProblem`. */
export async function readBody(
  request: Request,
  { body, textBody, takesReferences }: Pick<Operation, 'body' | 'textBody' | 'takesReferences'>,
): Promise<JsonObject> {
  if (textBody !== undefined) return { text: await readText(request, textBody.mostBytes) };
  if (body === undefined) return {};
  const parsed = await parseBody(request, body, takesReferences ? MOST_TEXT_BYTES : MOST_BYTES);
  const references = takesReferences ? [] : findReferences(parsed, []);
  if (references.length > 0) throw invalid(references);
  return parsed;
}

/** Parses a JSON object by a schema. Throws `AdminProblem` with one detail per error. */
export async function parseBody(request: Request, schema: z.ZodType, mostBytes: number): Promise<JsonObject> {
  const text = await readText(request, mostBytes);
  const value = parseJson(text);
  const repeated = findRepeatedField(text);
  if (repeated !== undefined)
    throw invalid([{ path: formatPath(repeated), message: 'occurs twice in the body' }]);
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(explainIssues(result.error.issues, { value, schema, noun: 'field' }));
  return result.data as JsonObject;
}

function invalid(details: readonly Detail[]): AdminProblem {
  return new AdminProblem('invalid_fields', listed('The body is not valid', details), { details });
}

/**
 * Texts that contain `${`, as in configuration files. References are not expanded here, because callers who may write a
 * provider could read the server's environment and files with them. They are not stored literally either, since they
 * would be sent to a provider.
 */
function findReferences(value: unknown, path: Path): Detail[] {
  if (typeof value === 'string') {
    if (!value.includes('${')) return [];
    const message = 'has a ${…}, which only configuration files expand; send the value itself';
    return [{ path: formatPath(path), message }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    findReferences(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

async function readText(request: Request, mostBytes: number): Promise<string> {
  const tooLarge = new AdminProblem('body_too_large', `The body is larger than ${mostBytes} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw tooLarge;
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
    // The parser's own message would quote a possible secret.
    throw new AdminProblem('invalid_json', 'The body is not valid JSON.');
  }
}
