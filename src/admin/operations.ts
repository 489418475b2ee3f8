import { configOperations } from './config-operations.ts';
import { masterKeyKind } from './master-key-kind.ts';
import { modelKind } from './model-kind.ts';
import type { Operation } from './operation.ts';
import { providerKind } from './provider-kind.ts';
import { requestOperations } from './request-operations.ts';
import { resourceOperations } from './resource-operations.ts';
import { settingKind } from './setting-kind.ts';

/** Where all of them are found. */
export const BASE = '/admin/v1';

/** All that the Admin API does. */
export const OPERATIONS: readonly Operation[] = [
  ...[providerKind, modelKind, masterKeyKind, settingKind].flatMap(resourceOperations),
  ...configOperations,
  ...requestOperations,
];
