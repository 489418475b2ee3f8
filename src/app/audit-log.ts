import type { AuditEntry } from '../admin/admin-options.ts';
import type { Log } from '../telemetry/log/log.ts';

/** Logs a write of the Admin API, or a wrong key. */
export function logAudit({ result, address, action, version = 0 }: AuditEntry, log: Log): void {
  switch (result) {
    case 'written':
      return log.say('info', 'audit', { action, address, version });
    case 'refused':
      return log.say('warn', 'auditRefused', { action, address });
    case 'denied':
      return log.say('warn', 'auditDenied', { action, address });
  }
}
