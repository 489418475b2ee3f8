import { expect, test } from 'bun:test';
import schema from '../../../config.schema.json';
import { fittingAt, pathAt, type Schema } from '../../../console/src/pages/config/schema-path.ts';

const fitting = (text: string): string[] => fittingAt(schema as Schema, text).map(({ label }) => label);

test('the path of a line is that of the keys above it', () => {
  expect(pathAt('')).toEqual([]);
  expect(pathAt('server:\n  ')).toEqual(['server']);
  expect(pathAt('server:\n  host: a\n  tls:\n    cert')).toEqual(['server', 'tls']);
  expect(pathAt('server:\n  host: a\nproviders:\n  - name: a\n    ')).toEqual(['providers', '[]']);
  expect(pathAt('providers:\n  - ')).toEqual(['providers', '[]']);
  expect(pathAt('providers:\n- name: a\n  ')).toEqual(['providers', '[]']);
  expect(pathAt('models:\n  fast:\n    routes:\n      - provider: a\n        ')).toEqual([
    'models',
    'fast',
    'routes',
    '[]',
  ]);
  expect(pathAt('models:\n  fast:\n    routes:\n      - provider: a\n    ')).toEqual(['models', 'fast']);
});

test('the settings of a place are offered, and no others', () => {
  expect(fitting('')).toContain('providers');
  expect(fitting('server:\n  ')).toContain('cors_origins');
  expect(fitting('server:\n  ')).not.toContain('providers');
  expect(fitting('providers:\n  - name: a\n    ')).toContain('api_base');
  expect(fitting('models:\n  fast:\n    routes:\n      - ')).toContain('priority');
  expect(fitting('somewhere:\n  else:\n    ')).toEqual([]);
});

test('behind a key its values are offered', () => {
  expect(fitting('load_balancing:\n  strategy: ')).toContain('least_busy');
  expect(fitting('providers:\n  - name: a\n    enabled: ').toSorted()).toEqual(['false', 'true']);
});
