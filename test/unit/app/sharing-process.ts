import { openLedgers } from '../../../src/app/shared-ledgers.ts';
import { mapSharedMemory } from '../../../src/cluster/shared-memory.ts';
import type { BucketLedger } from '../../../src/limits/bucket.ts';

/**
 * One of several processes that share ledgers: `bun sharing-process.ts PATH WORKERS ME WHAT`. It says "ready", waits for a line
 * so that all begin together, does its work, and prints the result.
 */
const [path = '', workers = '', me = '', what = ''] = process.argv.slice(2);
const ledgers = openLedgers(mapSharedMemory(path), {
  workers: Number(workers),
  counters: 2 ** 17,
  me: Number(me),
  seeder: () => true,
});
const buckets = ledgers.buckets as BucketLedger;
const say = (word: unknown): void => void process.stdout.write(`${JSON.stringify(word)}\n`);

/** Enough turns for the processes to overlap, however late one of them begins. */
const MANY = 500_000;

say('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
say(act());
process.exit();

function act(): unknown {
  switch (what) {
    case 'take': {
      let admitted = 0;
      for (let n = 0; n < MANY; n++) {
        if (buckets.take('key', { ratePerSecond: 1e-6, burst: MANY }, 1_000).admitted) admitted++;
      }
      return admitted;
    }
    case 'turns': {
      let sum = 0;
      for (let n = 0; n < MANY; n++) sum += ledgers.turns.next('model');
      return sum;
    }
    case 'begin':
      for (let n = 0; n < 3; n++) ledgers.traffic.begin('a/m');
      return ledgers.traffic.inFlight('a/m');
    case 'die-in-it':
      // The limit is read while the bucket's lock is held. This call never returns.
      buckets.take(
        'key',
        {
          ratePerSecond: 1,
          get burst(): number {
            return hang();
          },
        },
        1_000,
      );
      return 'came back';
    case 'be-slow-in-it':
      return takeSlowly();
    case 'take-one':
      return buckets.take('key', { ratePerSecond: 1, burst: 1 }, 1_000).admitted;
    case 'reclaim-1-and-take':
      ledgers.reclaim(1);
      return buckets.take('key', { ratePerSecond: 1, burst: 1 }, 1_000).admitted;
    default:
      throw new Error(`unknown: ${what}`);
  }
}

function hang(): number {
  process.stdout.write('"in it"\n');
  for (;;) Bun.sleepSync(1_000);
}

/** Takes the one request of a bucket, like a process that is suspended while it holds the lock. */
function takeSlowly(): boolean {
  let isFirst = true;
  const limit = {
    ratePerSecond: 1,
    get burst(): number {
      if (isFirst) process.stdout.write('"in it"\n');
      if (isFirst) Bun.sleepSync(1_500);
      isFirst = false;
      return 1;
    },
  };
  return buckets.take('key', limit, 1_000).admitted;
}
