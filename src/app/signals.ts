import { EXIT } from '../exit-code.ts';
import type { Serving } from './serving.ts';

/** Resolves when SIGTERM or SIGINT has arrived and the requests in flight have ended. A second signal exits at once. */
export async function drainOnSignals({ log, pending, drain }: Serving): Promise<void> {
  await nextSignal();
  void nextSignal().then(() => process.exit(EXIT.interrupted));
  log.say('info', 'draining', { pending: await pending() });
  await drain();
  log.say('info', 'stopped');
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const heard = (): void => {
      process.off('SIGTERM', heard);
      process.off('SIGINT', heard);
      resolve();
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}
