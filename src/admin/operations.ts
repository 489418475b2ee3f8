import { cacheOperations } from './cache-operations.ts';
import { configOperations } from './config-operations.ts';
import { keyOperations } from './key-operations.ts';
import { limitOperations } from './limit-operations.ts';
import { masterKeyKind } from './master-key-kind.ts';
import { modelKind } from './model-kind.ts';
import type { Kind } from '../store/resource-kinds.ts';
import type { Operation } from './operation.ts';
import type { ResourceKind } from './resource-kind.ts';
import { providerKind } from './provider-kind.ts';
import { entryOperations } from './entry-operations.ts';
import { requestOperations } from './request-operations.ts';
import { usageOperations } from './usage-operations.ts';
import { resourceOperations } from './resource-operations.ts';
import { liveOperations } from './live-operations.ts';
import { nodeOperations } from './node-operations.ts';
import { overviewOperations } from './overview-operations.ts';
import { demoOperations } from './demo-operations.ts';
import { explainOperations } from './explain-operations.ts';
import { testOperations } from './test-operations.ts';
import { playgroundOperations } from './playground-operations.ts';
import { routeOperations } from './route-operations.ts';
import { seriesOperations } from './series-operations.ts';
import { sessionOperations } from './session-operations.ts';
import { accountOperations } from './account-operations.ts';
import { teamKind } from './team-kind.ts';
import { userKind } from './user-kind.ts';
import { spendOperations } from './spend-operations.ts';
import { previewOperations } from './preview-operations.ts';
import { textOperations } from './text-operations.ts';
import { settingKind } from './setting-kind.ts';

/** The path of the Admin API. */
export const BASE = '/admin/v1';

/** In the order of the document. */
export const ADMIN_KINDS: Readonly<Record<Kind, ResourceKind>> = {
  providers: providerKind,
  models: modelKind,
  master_keys: masterKeyKind,
  teams: teamKind,
  users: userKind,
  settings: settingKind,
};

/** All operations of the Admin API. */
export const OPERATIONS: readonly Operation[] = [
  ...Object.values(ADMIN_KINDS).flatMap(resourceOperations),
  ...keyOperations,
  ...configOperations,
  ...textOperations,
  ...previewOperations,
  ...limitOperations,
  ...requestOperations,
  ...usageOperations,
  ...routeOperations,
  ...cacheOperations,
  ...nodeOperations,
  ...overviewOperations,
  ...seriesOperations,
  ...liveOperations,
  ...explainOperations,
  ...testOperations,
  ...playgroundOperations,
  ...demoOperations,
  ...spendOperations,
  ...entryOperations,
  ...sessionOperations,
  ...accountOperations,
];
