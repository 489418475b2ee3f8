import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { notesOf } from '../../../scripts/release/notes.ts';

const CHANGELOG = `# Changelog

The form is that of Keep a Changelog.

## [Unreleased]

### Added

- What is to come.

## [1.1.0] - 2026-11-02

### Fixed

- A stream, \`## [1.0.0]\` in the middle of a line included.

## [1.1.0-beta.1] - 2026-10-20

- The first beta.

## [1.0.0] - 2026-10-01

## [0.9.0]

- The last one.
`;

describe('the notes of a version', () => {
  test.each([
    ['1.1.0', '### Fixed\n\n- A stream, `## [1.0.0]` in the middle of a line included.'],
    ['1.1.0-beta.1', '- The first beta.'],
    ['1.2.0-rc.1', '### Added\n\n- What is to come.'],
    ['0.9.0', '- The last one.'],
  ])('%s are its section', (version, notes) => {
    expect(notesOf(CHANGELOG, version)).toBe(notes);
  });

  test.each([
    ['1.2.0', 'it has no section, and what is not released is not its own'],
    ['1.0.0', 'its section is empty'],
    ['1.1', 'a part of a version is none'],
  ])('%s are missing: %s', (version) => {
    expect(notesOf(CHANGELOG, version)).toBeUndefined();
  });
});

test('a tag that is not the version of the program is refused', async () => {
  const script = join(import.meta.dir, '..', '..', '..', 'scripts', 'release-notes.ts');
  const run = Bun.spawnSync([process.execPath, script, 'v99.0.0']);
  expect(run.exitCode).toBe(1);
  expect(run.stderr.toString()).toContain('v99.0.0 is not v');
});
