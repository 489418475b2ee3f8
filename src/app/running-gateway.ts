import type { RunningGateway } from '../admin/running/running-gateway.ts';
import { cacheUseOf } from './cache-use-of.ts';
import type { App } from './gateway-app.ts';
import { recordedBy } from './recorded-by.ts';
import type { Watchers } from './activity-switch.ts';

/** A gateway of one process, as its Admin API sees it. */
export function runningInOneProcess(app: App, watchers: Watchers): RunningGateway {
  return {
    url: app.server.url,
    startedAtMs: Date.now(),
    snapshot: app.snapshot,
    clock: app.clock,
    routes: app.ledgers.cooldowns,
    traffic: app.ledgers.traffic,
    providerErrors: async () => app.statuses(),
    watch: watchers.watch,
    test: app.testProvider,
    recorded: recordedBy(app.snapshot),
    forgetAnswers: async (forgotten) => app.answers.forget(forgotten),
    cacheUse: async () => cacheUseOf(app.dumpMetrics()),
  };
}
