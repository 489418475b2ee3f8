import { describe, expect, test } from 'bun:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { adminDocument } from '../../../src/admin/document.ts';
import { OPERATIONS } from '../../../src/admin/operations.ts';
import { openApiDocument } from '../../../src/openapi/document.ts';
import { ENDPOINTS } from '../../../src/gateway/endpoint.ts';
import { REFUSALS } from '../../../src/gateway/refusal-table.ts';
import type { OpenApiDocument, Operation } from '../../../src/openapi/types.ts';

const admin = adminDocument('1.2.3');
const whole = openApiDocument({ version: '1.2.3', hasMetrics: true, admin });
const small = openApiDocument({ version: '1.2.3', hasMetrics: false, admin: undefined });

function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.values(document.paths).flatMap((item) => Object.values(item));
}

/** Every reference whose target is missing. */
function dangling(document: OpenApiDocument): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
  return [...new Set(refs)].filter((ref) => {
    const steps = ref.replace(/^#\//, '').split('/');
    const target = steps.reduce<unknown>((node, step) => Reflect.get(Object(node), step), document);
    return !ref.startsWith('#/') || target === undefined;
  });
}

describe.each([
  ['of all that there is', whole],
  ['without Admin API and metrics', small],
  ['of the Admin API alone', admin],
] as const)('the document %s', (_, document) => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>);
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('refers to nothing that is missing', () => {
    expect(dangling(document)).toEqual([]);
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { security = [] } of operationsOf(document))
      expect(schemes).toEqual(expect.arrayContaining(security.flatMap((way) => Object.keys(way))));
  });

  test('names each operation once, in a group of the page', () => {
    const operations = operationsOf(document);
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const shown = document['x-tagGroups'].flatMap(({ tags }) => tags);
    expect(document.tags.map(({ name }) => name)).toEqual(shown);
    expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(new Set(shown));
  });

  test('has a parameter for each blank of a path', () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const blanks = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters = [] } of Object.values(item)) {
        const named = parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [one.name] : []));
        expect({ path, named }).toEqual({ path, named: blanks as string[] });
      }
    }
  });
});

test('every path that the gateway tells apart is described, and the rest as a pattern', () => {
  expect(Object.keys(small.paths)).toEqual(expect.arrayContaining([...ENDPOINTS, '/v1/{path}']));
  expect(Object.keys(small.paths['/v1/{path}'] ?? {})).toEqual(['get', 'post', 'put', 'patch', 'delete']);
});

test('every operation of the Admin API is described, and the schemas let its example pass', () => {
  for (const { method, path, body, example } of OPERATIONS) {
    const described = whole.paths[`/admin/v1${path}`]?.[method];
    const media = described?.requestBody?.content['application/json'];
    expect({ path, method, example: media?.example }).toEqual({ path, method, example });
    if (body !== undefined) expect(body.safeParse(example)).toMatchObject({ success: true });
  }
  expect(Object.keys(small.paths).filter((path) => path.startsWith('/admin'))).toEqual([]);
});

test('every refusal is described with its status and message', () => {
  const text = JSON.stringify(whole);
  for (const [code, { message }] of Object.entries(REFUSALS)) {
    // Only requests outside the document can get these two.
    if (code === 'path_not_found' || code === 'method_not_allowed') continue;
    expect(text).toContain(JSON.stringify(`\`${code}\`: ${message}`).slice(1, -1));
  }
  const { description } = whole.components.responses?.['Refused429'] ?? {};
  expect(description).toContain('rate_limit_exceeded');
});

test('bodies of proxied requests are open: only what the gateway reads is named', () => {
  const { schemas } = small.components;
  expect(schemas['Streamable']?.additionalProperties).toBe(true);
  expect(Object.keys(schemas['Streamable']?.properties ?? {})).toEqual(['model', 'stream', 'stream_options']);
});

test('the metrics are described only where they are served', () => {
  expect(whole.paths).toHaveProperty('/metrics');
  expect(small.paths).not.toHaveProperty('/metrics');
  expect(JSON.stringify(small)).not.toContain('"Metrics"');
});
