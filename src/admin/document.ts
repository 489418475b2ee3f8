import { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Operation } from './operation.ts';

const errorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
      details: z.array(z.object({ path: z.string(), message: z.string() })).meta({
        description: 'One entry for each thing that is wrong.',
      }),
    }),
  })
  .meta({ id: 'Error' });

const COMMON_ERRORS: Readonly<Record<number, string>> = {
  401: 'The admin key is missing or wrong.',
  429: 'Too many wrong keys came from this address.',
  503: 'The database can not be asked just now.',
};
const WRITE_ERRORS: Readonly<Record<number, string>> = {
  400: 'The body is not JSON.',
  409: 'It exists already, or is in use.',
  412: 'The configuration is no longer the one that If-Match names.',
  413: 'The body is too large.',
  422: 'Fields are wrong, or the configuration would not be valid.',
};

/** The OpenAPI 3.1 document of these operations, made from the schemas that read and write their bodies. */
export function documentOf(
  operations: readonly Operation[],
  { base, version }: { readonly base: string; readonly version: string },
): object {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent('securitySchemes', 'adminKey', { type: 'http', scheme: 'bearer' });
  for (const operation of operations) {
    app.openAPIRegistry.registerPath({
      method: operation.method,
      path: `${base}${operation.path}`,
      tags: [operation.tag],
      summary: operation.summary,
      security: [{ adminKey: [] }],
      request: {
        ...parametersOf(operation),
        ...(operation.body !== undefined && {
          body: { required: true, content: { 'application/json': { schema: operation.body } } },
        }),
      },
      responses: {
        [operation.status]: {
          description: operation.status === 204 ? 'Done.' : 'The answer.',
          ...(operation.answer !== undefined && {
            content: { 'application/json': { schema: operation.answer } },
          }),
        },
        ...errorsOf(operation),
      },
    });
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'llm-proxy Admin API', version },
  });
}

function parametersOf({ path, query, method }: Operation) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    ...(names.length > 0 && {
      params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
    }),
    ...(query !== undefined && { query }),
    ...(method !== 'get' && { headers: z.object({ 'if-match': z.string().optional() }) }),
  };
}

function errorsOf({ method, path }: Operation) {
  const all = {
    ...COMMON_ERRORS,
    ...(path.includes('{') && { 404: 'There is no such thing.' }),
    ...(method !== 'get' && WRITE_ERRORS),
  };
  return Object.fromEntries(
    Object.entries(all).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: errorSchema } } },
    ]),
  );
}
