import { append } from '../../lib/append.ts';
import type { OnlyField, ServerTool, Tool, ToolChoice } from '../conversation.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { Fields } from '../request-fields.ts';
import { fromOpenApi } from '../schema.ts';
import { camelKeys } from './camel-keys.ts';

/** Reads `tools`: function declarations, and tools that Google's services run. */
export function readTools(fields: Fields): {
  readonly tools: readonly Tool[];
  readonly serverTools: readonly ServerTool[];
  /** Members of the declarations and of the configuration that other APIs lack. */
  readonly only: readonly OnlyField[];
} {
  const only: OnlyField[] = [];
  const tools: Tool[] = [];
  const serverTools: ServerTool[] = [];
  const given = fields.any('tools');
  for (const [index, value] of (Array.isArray(given) ? (given as unknown[]) : [given]).entries()) {
    const entry = camelKeys(asObject(value) ?? {});
    for (const [at, declared] of asArray(entry['functionDeclarations']).entries()) {
      const path = `tools[${index}].functionDeclarations[${at}]`;
      tools.push(readDeclaration(camelKeys(asObject(declared) ?? {}), path, only));
    }
    for (const type of Object.keys(entry)) {
      if (type === 'functionDeclarations') continue;
      const kind = type.startsWith('googleSearch') ? 'web-search' : 'other';
      const definition = asObject(entry[type]) ?? {};
      serverTools.push({ kind, type, definition, path: `tools[${index}].${type}` });
    }
  }
  const config = new Fields(camelKeys(fields.object('toolConfig') ?? {}), 'toolConfig');
  const calling = new Fields(
    camelKeys(config.object('functionCallingConfig') ?? {}),
    'toolConfig.functionCallingConfig',
  );
  for (const name of ['mode', 'allowedFunctionNames']) calling.any(name);
  return { tools, serverTools, only: [...only, ...calling.rest(), ...config.rest()] };
}

/** Members of a declaration that are read. The schema of the response is documentation: no model sees it. */
const READ = ['name', 'description', 'parameters', 'parametersJsonSchema', 'response', 'responseJsonSchema'];

function readDeclaration(declared: JsonObject, path: string, only: OnlyField[]): Tool {
  const fields = new Fields(declared, path);
  for (const name of READ) fields.any(name);
  append(only, fields.rest());
  const subset = asObject(declared['parameters']);
  return {
    name: asString(declared['name']) ?? '',
    description: asString(declared['description']),
    schema:
      asObject(declared['parametersJsonSchema']) ?? (subset === undefined ? undefined : fromOpenApi(subset)),
    strict: undefined,
    form: 'function',
    path,
  };
}

/** `toolConfig.functionCallingConfig`. */
export function readToolChoice(fields: Fields): ToolChoice | undefined {
  const config = camelKeys(fields.object('toolConfig') ?? {});
  const calling = camelKeys(asObject(config['functionCallingConfig']) ?? {});
  const path = 'toolConfig.functionCallingConfig';
  const names = asArray(calling['allowedFunctionNames']).filter((name) => typeof name === 'string');
  switch ((asString(calling['mode']) ?? '').toUpperCase()) {
    case 'NONE':
      return { kind: 'none', path };
    case 'ANY': {
      const [name] = names;
      if (name === undefined) return { kind: 'required', path };
      return names.length === 1 ? { kind: 'one', name, path } : { kind: 'some', names, required: true, path };
    }
    case 'AUTO':
    case 'VALIDATED':
      return names.length === 0 ? { kind: 'auto', path } : { kind: 'some', names, required: false, path };
    default:
      return undefined;
  }
}
