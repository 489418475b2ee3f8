import { hashKey } from '../../../config/compile/compile-access.ts';
import { loadConfig } from '../../../config/read/load.ts';
import { formatProblem } from '../../../config/read/problems.ts';
import type { MasterKey, Snapshot } from '../../../config/snapshot.ts';
import type { Conditions } from '../../../routing/decide.ts';
import { type Explanation, explain, type ExplainedTier } from '../../../routing/explain.ts';
import type { Model } from '../../../routing/route.ts';
import { type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import { describeClaimsOf } from '../check/describe-limits.ts';
import { explainTranslation } from './translation-losses.ts';
import type { explainDeclaration } from './declaration.ts';
import { type Style, styleFor } from '../../style.ts';

type ParsedArguments = ValuesOf<typeof explainDeclaration>;

/** Shows which routes a request would try. */
export async function explainModel(args: ParsedArguments): Promise<number> {
  const result = await loadConfig({
    path: args.config,
    env: process.env,
    overrides: {},
    version: 1,
    now: new Date(),
  });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const { snapshot } = result;
  const refusal = whyRefused(args, snapshot);
  const model = snapshot.findModel(args.model);
  if (refusal !== undefined || model === undefined) {
    console.error(
      refusal ?? `The model "${args.model}" does not exist, or is disabled: 404 model_not_found.`,
    );
    return EXIT.failed;
  }
  const explanation = explain(model, conditions(snapshot, args.down));
  const style = styleFor(process.stdout, process.env);
  const { api, body } = args;
  // Read first: a body that can't be read is wrong usage, and then nothing is printed.
  const losses = body === undefined ? [] : await explainTranslation(model, snapshot, { api, path: body });
  console.log(describe(explanation, snapshot, style));
  const claims = describeClaimsOf(keyOf(args.key, snapshot), args.model, snapshot);
  if (claims.length > 0) console.log(['', style.bold('Limits, all of which hold:'), ...claims].join('\n'));
  if (losses.length > 0) console.log(['', style.bold('Client APIs:'), ...losses].join('\n'));
  return EXIT.ok;
}

/** Why a request would fail before it tries a route; undefined: it would not, or the question did not name a key. */
function whyRefused(
  { key: given, model, down }: ParsedArguments,
  { access, providers }: Snapshot,
): string | undefined {
  const stranger = down.find((name) => !providers.has(name));
  if (stranger !== undefined) return `--down: there is no provider "${stranger}", or it is disabled.`;
  if (given === undefined || access.kind === 'open') return undefined;
  const key = keyOf(given, { access });
  if (key === undefined) return 'No master key has that name or value: 401 invalid_api_key.';
  return whyKeyFails(key, model);
}

/** The key of that name or value. */
function keyOf(given: string | undefined, { access }: Pick<Snapshot, 'access'>): MasterKey | undefined {
  if (given === undefined || access.kind === 'open') return undefined;
  return [...access.keys.values()].find(({ name }) => name === given) ?? access.keys.get(hashKey(given));
}

function whyKeyFails(key: MasterKey, model: string): string | undefined {
  if (!key.enabled) return `The key "${key.name}" is disabled: 401 invalid_api_key.`;
  if (Date.now() >= key.refusedFromMs) return `The key "${key.name}" has expired: 401 key_expired.`;
  if (key.limit?.ratePerSecond === 0)
    return `The limit of the key "${key.name}" is 0: 429 rate_limit_exceeded.`;
  if (!key.allows(model)) return `The key "${key.name}" may not use "${model}": 403 model_not_allowed.`;
  return undefined;
}

/** The conditions of an idle gateway with some providers cooling down. */
function conditions({ retry, cooldown }: Snapshot, down: readonly string[]): Conditions {
  return {
    nowMs: 0,
    deadlineMs: Infinity,
    clientLeft: false,
    policy: retry,
    allAvailable: false,
    availability: ({ provider }) =>
      down.includes(provider) ? { kind: 'cooling', untilMs: cooldown.cooldownMs } : { kind: 'available' },
    turn: 0,
    dice: () => 0,
    inFlight: () => 0,
    latencyMs: () => undefined,
  };
}

function describe(
  { model, tiers, leftOut, maxAttempts }: Explanation,
  { retry }: Snapshot,
  { bold, bad }: Style,
): string {
  return [
    bold(`${model.name} (${model.strategy})`),
    '',
    tiers.length === 0 ? bad('Nothing can be tried: 503 no_route.') : bold('Tried in this order:'),
    ...tiers.flatMap((tier) => describeTier(tier, model)),
    ...(leftOut.length === 0
      ? []
      : ['', bold('Left out:'), ...leftOut.map(({ what, why }) => `  ${what}: ${why}`)]),
    '',
    `${Number.isFinite(maxAttempts) ? `At most ${maxAttempts} attempts for one request (max_retries)` : 'Each route is tried once'}; ${retries(retry.retries)}.`,
  ].join('\n');
}

function describeTier(tier: ExplainedTier, { name }: Model): string[] {
  const owner = tier.level === 1 ? '' : ` of the fallback model ${tier.model}`;
  const reach = tier.isReached ? '' : ', not reached: the limit on attempts comes first';
  return [
    `  ${tier.fromAttempt}. priority ${tier.priority}${owner}${reach}`,
    ...tier.routes.map(
      ({ route, probability }) =>
        `     ${(probability * 100).toFixed(1).padStart(5)} %  ${route.provider} → ${route.upstreamModel ?? name}`,
    ),
  ];
}

function retries(count: number | undefined): string {
  if (count === undefined) return 'the last one is retried once if its failure may be transient';
  return count === 0
    ? 'none is tried twice'
    : `each is retried up to ${count} times if its failure may be transient`;
}
