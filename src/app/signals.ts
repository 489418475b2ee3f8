import { EXIT } from '../exit-code.ts';
import type { Serving } from './serving.ts';

/**
 * Resolves when the signal has arrived and the requests in flight have ended. A second signal exits at once. `stopSignal`
 * is asked for before the gateway starts to listen, so that a signal during the start ends in a drain too.
 */
export async function drainOnSignals(signal: Promise<void>, { log, pending, drain }: Serving): Promise<void> {
  await signal;
  void stopSignal().then(() => process.exit(EXIT.interrupted));
  log.say('info', 'draining', { pending: await pending() });
  await drain();
  log.say('info', 'stopped');
}

/** Resolves when the next SIGTERM or SIGINT arrives. */
export function stopSignal(): Promise<void> {
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
