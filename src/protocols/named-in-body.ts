import { scanObject, valueAt } from '../lib/json/json-scan.ts';
import { asObject } from './json-object.ts';

/** Members besides `model` that name models: fallback lists of routers, and tools that call a model. */
const MODEL_MEMBERS = [
  'models',
  'fallbacks',
  'fallback_models',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'model_list',
  'tools',
];

/** Members that refer to an existing object. */
const OBJECT_MEMBERS = new Set([
  'previous_response_id',
  'conversation',
  'file_id',
  'file_ids',
  'input_file_id',
  'training_file',
  'validation_file',
  'vector_store_ids',
  'assistant_id',
  'thread_id',
  'container',
]);

/**
 * Returns the models that a JSON body names besides its `model`: the entries of `models`, `fallbacks` and similar
 * lists, and the models of tools. A value that is not understood is represented by its JSON, which no list of allowed
 * models contains.
 */
export function furtherModels(body: Uint8Array): string[] {
  const scan = scanObject(body, MODEL_MEMBERS);
  if (scan.kind !== 'object') return [];
  return scan.members.flatMap(({ key, valueStart, valueEnd }) => {
    const value = valueAt(body, valueStart, valueEnd);
    return key.toLowerCase() === 'tools' ? modelsOfTools(value) : namesIn(value);
  });
}

/** Accepts strings, lists of them, and objects with the name in `model` or, as in LiteLLM's fallbacks, as a key. */
function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || value === false) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  const object = asObject(value);
  if (object === undefined) return [JSON.stringify(value) ?? ''];
  if (typeof object.model === 'string') return [object.model];
  if (typeof object['model_name'] === 'string') return [object['model_name']];
  return Object.entries(object).flatMap(([name, others]) => [name, ...namesIn(others)]);
}

function modelsOfTools(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((tool: unknown) => {
    const model = asObject(tool)?.model;
    return typeof model === 'string' ? [model] : [];
  });
}

const MARKS = [...OBJECT_MEMBERS].map((name) => Buffer.from(`"${name}"`));
/** A key may contain escapes. */
const ESCAPE = Buffer.from(String.raw`\u00`);

/** Maximum nesting depth to search; no API nests such a member deeper. */
const DEEPEST = 12;

/**
 * Returns the ids of the objects that a JSON body refers to at any depth, such as `previous_response_id` and
 * `file_id`.
 */
export function referencedIds(body: Uint8Array): string[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(ESCAPE) && !MARKS.some((mark) => bytes.includes(mark))) return [];
  const ids: string[] = [];
  collect(valueAt(body, 0, body.byteLength), ids, DEEPEST);
  return ids;
}

function collect(value: unknown, ids: string[], deepest: number): void {
  if (deepest === 0 || typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (OBJECT_MEMBERS.has(name)) ids.push(...idsIn(member));
    collect(member, ids, deepest - 1);
  }
}

/** Accepts an id, a list of ids, or an object that contains one. */
function idsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string');
  const id = asObject(value)?.id;
  return typeof id === 'string' ? [id] : [];
}
