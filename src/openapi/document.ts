import { ANSWER_HEADERS } from './answer-headers.ts';
import { ANSWERS } from './answer-schemas.ts';
import type { OpenApiDocument, Schema, Tag, TagGroup } from './types.ts';
import { createOpenApiSchemas } from './schemas.ts';
import { OWN_TAGS, ownPaths } from './own-paths.ts';
import { PROXIED_TAGS } from './proxied-endpoints.ts';
import { proxiedPaths, proxiedResponses, REQUEST_SCHEMAS } from './proxied-paths.ts';
import { ERROR_SCHEMA } from './refusal-responses.ts';
import { SECURITY_SCHEMES } from './security-schemes.ts';

export interface DocumentOptions {
  readonly version: string;
  /** Whether `/metrics` is served beside the API. */
  readonly hasMetrics: boolean;
  /** The document of the Admin API; undefined: there is none. */
  readonly admin: OpenApiDocument | undefined;
}

/**
 * The OpenAPI document of everything that is served. It reveals nothing of the configuration, since no key is needed to
 * read it.
 */
export function openApiDocument({ version, hasMetrics, admin }: DocumentOptions): OpenApiDocument {
  const own = Object.entries(OWN_TAGS).filter(([name]) => hasMetrics || name !== 'Metrics');
  const groups = [
    group('API', tagsOf(Object.entries(PROXIED_TAGS))),
    group('Gateway', tagsOf(own)),
    ...(admin === undefined ? [] : [group('Admin API', admin.tags)]),
  ];
  return {
    openapi: '3.1.0',
    info: { title: 'llm-proxy', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: groups.flatMap(({ tags }) => tags),
    'x-tagGroups': groups.map(({ name, tags }): TagGroup => ({ name, tags: tags.map((tag) => tag.name) })),
    paths: { ...proxiedPaths(), ...ownPaths({ hasMetrics }), ...admin?.paths },
    components: {
      ...admin?.components,
      schemas: {
        ...REQUEST_SCHEMAS,
        ...answerSchemas(),
        GatewayError: ERROR_SCHEMA,
        ...admin?.components.schemas,
      },
      headers: ANSWER_HEADERS,
      responses: proxiedResponses(),
      securitySchemes: { ...SECURITY_SCHEMES, ...admin?.components.securitySchemes },
    },
  };
}

const DESCRIPTION = `One address and one key in front of every LLM provider, with load balancing, fallback and rate limits.

Requests and answers pass byte for byte: what is described here is what the gateway itself reads of them, adds to them and refuses. The rest is in the documentation of each provider, which the operations link to.

Every path of \`/v1\` works without its \`/v1\` as well.`;

function group(name: string, tags: readonly Tag[]): { readonly name: string; readonly tags: readonly Tag[] } {
  return { name, tags };
}

function tagsOf(described: readonly (readonly [string, string])[]): Tag[] {
  return described.map(([name, description]) => ({ name, description }));
}

function answerSchemas(): Record<string, Schema> {
  const schemas = createOpenApiSchemas();
  return Object.fromEntries(
    Object.entries(ANSWERS).map(([name, schema]) => [name, schemas.of(schema, 'output')]),
  );
}
