import { expect, test } from 'bun:test';
import type { Json } from '../../../src/simulator/json.ts';
import { fitSchema } from '../../../src/simulator/json-schema.ts';

test('a value matches each kind of schema', () => {
  const cases: readonly (readonly [schema: Json, value: Json])[] = [
    [{ type: 'string' }, 'mock'],
    [{ type: 'string', minLength: 6 }, 'mock--'],
    [{ type: 'string', maxLength: 2 }, 'mo'],
    [{ type: 'string', format: 'date' }, '2026-01-01'],
    [{ type: 'integer', minimum: 3 }, 3],
    [{ type: 'number', exclusiveMinimum: 3 }, 4],
    [{ type: 'number', maximum: -2 }, -2],
    [{ type: ['boolean', 'null'] }, true],
    [{ type: 'null' }, null],
    [{ const: 0 }, 0],
    [{ enum: ['x', 'y'] }, 'x'],
    [{ type: 'array', minItems: 2, items: { type: 'boolean' } }, [true, true]],
    [{ anyOf: [{ type: 'boolean' }, { type: 'string' }] }, true],
    [{ allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] }, { a: 1, b: 2 }],
    [{ $ref: '#/$defs/x', $defs: { x: { const: 'y' } } }, 'y'],
  ];
  for (const [schema, value] of cases) expect(fitSchema(schema)).toEqual(value as never);
});

test('only required properties are filled in if requested', () => {
  const schema = { properties: { a: { const: 1 }, b: { const: 2 } }, required: ['b'] };
  expect(fitSchema(schema, 'all')).toEqual({ a: 1, b: 2 });
  expect(fitSchema(schema, 'required')).toEqual({ b: 2 });
});

test('a recursive schema terminates', () => {
  const node = { properties: { next: { $ref: '#' }, value: { type: 'integer' } }, required: ['value'] };
  expect(JSON.stringify(fitSchema(node)).length).toBeLessThan(1000);
  expect(JSON.stringify(fitSchema({ $ref: '#' }))).toBe('null');
});
