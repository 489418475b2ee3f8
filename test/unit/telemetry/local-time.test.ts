import { expect, test } from 'bun:test';
import { isUtcZone } from '../../../src/telemetry/log/local-time.ts';

test('only names of UTC count as UTC', () => {
  for (const zone of ['UTC', 'Etc/UTC', '/usr/share/zoneinfo/Etc/UTC', '../usr/share/zoneinfo/Zulu'])
    expect([zone, isUtcZone(zone)]).toEqual([zone, true]);
  for (const zone of [
    '',
    'UTC+3',
    'Europe/Berlin',
    '/usr/share/zoneinfo/Europe/Berlin',
    'GMT-1',
    'Antarctica/UTC2',
  ])
    expect([zone, isUtcZone(zone)]).toEqual([zone, false]);
});

test.each([
  ['Asia/Tokyo', '2026-01-14 08:30:00'],
  ['America/Los_Angeles', '2026-01-13 15:30:00'],
  ['Etc/UTC', '2026-01-13 23:30:00'],
])('dates and times of %s are local', async (zone, expected) => {
  const script = `import { localDate, localTime } from './src/telemetry/log/local-time.ts';
    const date = new Date('2026-01-13T23:30:00Z');
    console.log(localDate(date), localTime(date));`;
  const child = Bun.spawn([process.execPath, '-e', script], {
    env: { ...process.env, TZ: zone },
    stdout: 'pipe',
  });
  expect((await new Response(child.stdout).text()).trim()).toBe(expected);
});
