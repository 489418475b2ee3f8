import { translatedApis } from '../config/translated-apis.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Serving } from './serving.ts';

/** Logs for each provider which client APIs are translated for it. */
export function announceTranslation({ providers }: Snapshot, log: Serving['log']): void {
  for (const provider of providers.values()) {
    const apis = translatedApis(provider);
    if (apis.length > 0) log.say('info', 'translates', { provider: provider.name, apis: apis.join(', ') });
  }
}
