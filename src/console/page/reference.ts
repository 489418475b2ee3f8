import type {
  Method,
  OpenApiDocument,
  Operation,
  Parameter,
  Reference,
  Schema,
} from '../../openapi/types.ts';

/** One operation of the document, with where it is. */
export interface Entry {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly operation: Operation;
}

/** The document, with its references to be followed. */
export interface ApiReference {
  readonly document: OpenApiDocument;
  readonly entries: readonly Entry[];
  readonly find: (id: string) => Entry | undefined;
  /** Resolves a reference; anything else is returned as it is. */
  readonly resolve: <T extends object>(value: T | Reference) => T;
}

/** The gateway's address with a trailing slash: one level above this page. */
export const BASE_URL = new URL('.', location.href.replace(/[?#].*/s, '')).href;

/** The address of a path of the API. */
export function urlOf(path: string): string {
  return BASE_URL + path.replace(/^\//, '');
}

/** Loads the gateway's own document. */
export async function loadReference(): Promise<ApiReference> {
  const response = await fetch(urlOf('/openapi.json'), { credentials: 'omit' });
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`);
  const document = (await response.json()) as OpenApiDocument;
  const entries = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Entry => ({
      id: operation.operationId,
      method: method as Method,
      path,
      operation,
    })),
  );
  return {
    document,
    entries,
    find: (id) => entries.find((entry) => entry.id === id),
    resolve: <T extends object>(value: T | Reference): T =>
      '$ref' in value && typeof value.$ref === 'string' ? (at(document, value.$ref) as T) : (value as T),
  };
}

/** RFC 6901, for references within the document. */
function at(document: OpenApiDocument, ref: string): unknown {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((node, step) => Reflect.get(Object(node), step), document);
}

/** The body that an operation takes: its media type, schema and examples. */
export interface BodyReference {
  readonly type: string;
  readonly schema: Schema;
  readonly examples: readonly { readonly name: string; readonly value: unknown }[];
}

export function bodyOf({ operation }: Entry, { resolve }: ApiReference): BodyReference | undefined {
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type === undefined || media === undefined) return undefined;
  const named = Object.entries(media.examples ?? {}).map(([name, { value }]) => ({ name, value }));
  const single = media.example === undefined ? [] : [{ name: 'Example', value: media.example }];
  return { type, schema: resolve(media.schema), examples: [...named, ...single] };
}

export function parametersOf({ operation }: Entry, { resolve }: ApiReference): Parameter[] {
  return (operation.parameters ?? []).map((parameter) => resolve(parameter));
}
