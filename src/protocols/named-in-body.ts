import { scanObject, valueAt } from '../lib/json/json-scan.ts';
import { asObject } from './json-object.ts';

/** Members by which a body names models beside `model`: for routers that fall back, and for tools that ask a model. */
const MODEL_MEMBERS = [
  'models',
  'fallbacks',
  'fallback_models',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'model_list',
  'tools',
];

/** Members that name an object which was made before. */
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
 * The models that a JSON body names beside its `model`: each entry of `models`, `fallbacks` and their likes, and the models
 * of tools. What can't be understood is named by its JSON, so that no list of allowed models has it.
 */
export function furtherModels(body: Uint8Array): string[] {
  const scan = scanObject(body, MODEL_MEMBERS);
  if (scan.kind !== 'object') return [];
  return scan.members.flatMap(({ key, valueStart, valueEnd }) => {
    const value = valueAt(body, valueStart, valueEnd);
    return key.toLowerCase() === 'tools' ? modelsOfTools(value) : namesIn(value);
  });
}

/** Strings, lists of them, and objects that have them as `model` or, as LiteLLM writes fallbacks, behind a model's name. */
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
/** A key may be written with escapes. */
const ESCAPE = Buffer.from(String.raw`\u00`);

/** Nesting beyond which no API has such a member. */
const DEEPEST = 12;

/** The ids of objects that a JSON body refers to, such as `previous_response_id` and `file_id`, at any depth. */
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

/** An id, a list of ids, or an object that has one. */
function idsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string');
  const id = asObject(value)?.id;
  return typeof id === 'string' ? [id] : [];
}
