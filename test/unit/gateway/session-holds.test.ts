import { expect, test } from 'bun:test';
import { NOBODY } from '../../../src/gateway/attribution.ts';
import type { Gateway } from '../../../src/gateway/ports.ts';
import { SessionResponses } from '../../../src/gateway/web-socket/session-responses.ts';
import { createCostMeter } from '../../../src/app/cost-meter.ts';
import { FREE_ADMISSION } from '../../../src/limits/admission.ts';
import { PlainFields } from '../../../src/lib/http/fields.ts';
import { PlainSignal } from '../../../src/lib/signal.ts';
import { JournalScan } from '../../../src/spend/journal/scan.ts';
import { openProcessJournal } from '../../../src/spend/process-journal.ts';
import { newFolder } from '../../database/spend/lines.ts';
import { Scene } from './scene.ts';

/** A session of the Realtime API under a limit that holds the next response in advance, and its journal. */
function sessionOf() {
  const scene = new Scene(
    `
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/*": { input: 3, output: 15 } } }
spend: { journal: memory }
limits: [{ cost: 50, per: month, hold: maximum }]
`,
    { a: [] },
  );
  const folder = newFolder();
  const orders = { folder: folder.path, node: folder.node, worker: 1, life: folder.nextLife() };
  const journal = openProcessJournal(
    { ...orders, fsyncMs: 1000, maxBytes: 2 ** 30, onFull: 'serve' },
    { epochMs: Date.now, onTrouble: () => undefined },
  );
  const costs = createCostMeter(() => scene.snapshot, scene.clock);
  const gateway: Gateway = { ...scene.gateway, costs, journal };
  const model = scene.snapshot.findModel('m');
  const session = new SessionResponses({
    context: {
      id: 'req_000000000001',
      request: {
        method: 'GET',
        path: '/v1/realtime',
        search: '',
        headers: new PlainFields({}),
        signal: new PlainSignal(),
        clientAddress: () => '127.0.0.1',
        readBody: () => new Uint8Array(),
      },
      startedAtMs: 0,
      key: undefined,
      attribution: NOBODY,
      admission: FREE_ADMISSION,
      isReported: false,
    },
    api: 'realtime',
    gateway,
    maker: () => ({ provider: 'a', model: 'm', servedAs: 'm', upstreamModel: 'm' }),
    model: () => model,
    isOver: () => false,
    refuse: (error) => {
      throw error;
    },
  });
  let torn = 0;
  const scan = new JournalScan({
    folder: folder.path,
    onUses: () => undefined,
    onTorn: () => (torn += 1),
  });
  const openIds = (): string[] => {
    journal.flush();
    scan.scan();
    expect(torn).toBe(0);
    return scan.opensIn(() => true).map(({ line }) => line.id);
  };
  const close = (): void => {
    journal.end();
    folder.close();
  };
  return { session, openIds, close };
}

test('a response that was held in advance and never came is not in the journal as a lost one', async () => {
  const { session, openIds, close } = sessionOf();
  session.holdNext();
  for (let turns = 0; turns < 100 && openIds().length === 0; turns++) await Bun.sleep(1);
  expect(openIds()).toHaveLength(1);
  session.end('client-left');
  expect(openIds()).toEqual([]);
  close();
});
