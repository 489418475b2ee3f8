import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type Calls, RpcChannel, type Message } from '../../../src/cluster/rpc-channel.ts';
import type { PoolCalls } from '../../../src/cluster/worker-pool.ts';

/** The calls that the test's worker answers. */
export type TestCalls = {
  readonly ping: (nothing: undefined) => void;
  readonly pid: (nothing: undefined) => number;
  readonly spin: (nothing: undefined) => void;
};

/** A worker for tests. It opens no port, and exits before it reports that it listens if the given file exists. */
const [, , fileOfFailure = ''] = process.argv;
const calls: TestCalls & Calls = {
  ping: () => undefined,
  pid: () => process.pid,
  spin: () => {
    for (;;) Math.sqrt(2);
  },
};
const channel = new RpcChannel<PoolCalls>((message) => void process.send?.(message), calls);
process.on('message', (message) => channel.receive(message as Message));
process.on('disconnect', () => process.exit(0));
if (existsSync(fileOfFailure)) {
  rmSync(fileOfFailure);
  writeFileSync(`${fileOfFailure}.seen`, '');
  process.exit(3);
}
await channel.call('listening', { url: 'http://127.0.0.1:1', port: 1 });
