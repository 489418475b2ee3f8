import type { Revision } from './revision.ts';

/** The fields that distinguish one state of a database from another. */
type Found = Pick<Revision, 'version' | 'changedAt' | 'identity'>;

/** The database is a different or an older one than that of the configuration in force. It is not written to. */
export class NotAdopted extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotAdopted';
  }
}

/**
 * Why the contents of a database do not succeed the configuration in force: the database was emptied, replaced, or
 * restored from a backup. undefined: they do. If nothing is in force that could be lost, any contents do.
 */
export function whyNoSuccessor(found: Found, inForce: Revision): string | undefined {
  if (isEmpty(inForce)) return undefined;
  if (inForce.identity !== undefined && found.identity !== inForce.identity)
    return `it is another database, with version ${found.version} of a configuration, where version ${inForce.version} is in force`;
  if (found.version < inForce.version)
    return `it went back to version ${found.version}, where version ${inForce.version} is in force`;
  if (found.version === inForce.version && found.changedAt !== inForce.changedAt)
    return `its version ${found.version} is not the one that is in force`;
  return undefined;
}

/** Throws `NotAdopted` if a write would go to another database than that of the configuration in force. */
export function requireSuccessor(found: Found, inForce: Revision | undefined): void {
  const reason = inForce && whyNoSuccessor(found, inForce);
  if (reason !== undefined) throw new NotAdopted(reason);
}

/** Whether there is nothing to lose. */
function isEmpty({ resources }: Revision): boolean {
  return Object.values(resources).every((all) => all.size === 0);
}
