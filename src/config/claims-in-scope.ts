import type { Claim, ScopeKind } from '../limits/claim.ts';
import { scopeIdOf } from './compile/claim-maker.ts';
import type { CompiledLimits } from './compiled-limits.ts';
import type { Team } from './owners.ts';
import type { MasterKey } from './snapshot.ts';

/** The limits of one scope, whatever their models; `ids` are those of its `scopeId`. */
export function claimsIn(limits: CompiledLimits, scope: ScopeKind, ids: readonly string[]): readonly Claim[] {
  return limits.inScope(`${scope}:${scopeIdOf(ids)}`);
}

/**
 * The limits that the holder of a key sees: those of the key, of its user, and of the user in each of its teams. Those of
 * the teams and of the whole gateway only with `limits_options.show_team_limits`.
 */
export function claimsShownTo(key: MasterKey, limits: CompiledLimits): readonly Claim[] {
  if (limits.isEmpty) return [];
  const { id, user, team } = key;
  const teams = lineOf(team);
  const own = teams.flatMap((one) =>
    claimsIn(limits, 'team_user', user === undefined ? [one.id, 'key', id] : [one.id, user.id]),
  );
  return [
    ...claimsIn(limits, 'key', [id]),
    ...own,
    ...(user === undefined ? [] : claimsIn(limits, 'user', [user.id])),
    ...(limits.options.showTeamLimits
      ? [...teams.flatMap((one) => claimsIn(limits, 'team', [one.id])), ...claimsIn(limits, 'global', [])]
      : []),
  ];
}

/** A team and those above it, the nearest first. */
function lineOf(team: Team | undefined): Team[] {
  return team === undefined ? [] : [team, ...lineOf(team.parent)];
}
