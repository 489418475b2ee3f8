import { expect, test } from 'bun:test';
import { openWhenNeeded } from '../../../src/server/needed-listener.ts';
import type { Listener } from '../../../src/server/renewable.ts';

/** Opens real servers that count themselves. */
function counted(): { readonly open: () => Listener; readonly opened: () => number } {
  let opened = 0;
  const open = (): Listener => {
    opened += 1;
    return Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('here') });
  };
  return { open, opened: () => opened };
}

test('a needed listener opens once, when its port is first asked for', async () => {
  const { open, opened } = counted();
  const listeners = openWhenNeeded(open);
  expect(listeners.pending()).toBe(0);
  expect(opened()).toBe(0);
  const { port } = listeners;
  expect(listeners.port).toBe(port);
  expect(listeners.url).toBe(`http://127.0.0.1:${port}`);
  expect(opened()).toBe(1);
  expect(await (await fetch(listeners.url)).text()).toBe('here');
  await listeners.stop();
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
});

test('a needed listener that was closed before it opened stays closed', async () => {
  const { open, opened } = counted();
  const listeners = openWhenNeeded(open);
  listeners.close();
  expect(() => listeners.port).toThrow('does not listen any more');
  await listeners.stop();
  expect(opened()).toBe(0);
});

test('a listener that cannot open is tried again', async () => {
  const { open } = counted();
  let isBusy = true;
  const listeners = openWhenNeeded(() => {
    if (isBusy) throw new Error('EMFILE');
    return open();
  });
  expect(() => listeners.port).toThrow('EMFILE');
  isBusy = false;
  expect(listeners.port).toBeGreaterThan(0);
  await listeners.stop();
});
