import { nearest } from '../../lib/nearest.ts';
import type { LeftOut, Model } from '../../routing/route.ts';
import type { Finding } from '../read/problems.ts';
import type { FallbackSettings, ModelSettings } from '../read/settings.ts';

/** A model under construction. Its fallbacks may be models that follow it. */
export interface ModelDraft extends Model {
  readonly fallbacks: Model[];
  readonly leftOut: LeftOut[];
}

/** The known models. `draft` returns any model that is served; `listed` includes the disabled ones. */
export interface KnownModels {
  readonly named: Map<string, ModelDraft>;
  readonly draft: (name: string) => ModelDraft | undefined;
  readonly listed: ReadonlyMap<string, ModelSettings>;
}

/**
 * Sets each model's fallbacks: depth first, each once, never the model itself. A disabled model is skipped, but its own
 * fallbacks are kept. A model that only a pattern serves joins the named ones if it has fallbacks.
 */
export function compileFallbacks(
  settings: readonly FallbackSettings[],
  known: KnownModels,
): { readonly findings: readonly Finding[]; readonly warnings: readonly string[] } {
  const targets = new Map(settings.map((fallback) => [fallback.model, fallback.targets]));
  const isKnown = (name: string) => known.listed.has(name) || known.draft(name) !== undefined;
  for (const { model: name } of settings) {
    const model = known.draft(name);
    if (model !== undefined) known.named.set(name, model);
  }
  for (const [name] of targets) {
    const model = known.named.get(name);
    for (const target of inOrder(name, targets)) {
      const standIn = known.draft(target);
      if (standIn !== undefined && standIn.routes.length > 0) model?.fallbacks.push(standIn);
      else model?.leftOut.push({ what: `fallback ${target}`, why: whyUnused(known.listed.get(target)) });
    }
  }
  const names = [...new Set([...known.listed.keys(), ...known.named.keys()])];
  const unknown = settings.map((fallback) => findUnknown(fallback, isKnown, names));
  return {
    findings: unknown.flatMap(({ findings }) => findings),
    warnings: [...unknown.flatMap(({ warnings }) => warnings), ...findCycles(targets)],
  };
}

function whyUnused(listed: ModelSettings | undefined): string {
  if (listed === undefined) return 'nothing serves it';
  return listed.enabled ? 'it has no enabled route' : 'the model is disabled';
}

/** The names reachable from `name`, depth first, each once. */
function inOrder(name: string, targets: ReadonlyMap<string, readonly string[]>): string[] {
  const seen = new Set([name]);
  const visit = (from: string) => {
    for (const target of targets.get(from) ?? []) {
      if (seen.has(target)) continue;
      seen.add(target);
      visit(target);
    }
  };
  visit(name);
  return [...seen].slice(1);
}

/**
 * A model with fallbacks must exist. An unknown fallback is an error if it looks like a misspelling. Otherwise it is
 * left out with a warning, so that a list may name future models.
 */
function findUnknown(
  { at, model, targets }: FallbackSettings,
  isKnown: (name: string) => boolean,
  names: readonly string[],
): { findings: Finding[]; warnings: string[] } {
  const findings: Finding[] = [];
  const warnings: string[] = [];
  const report = (finding: Finding, suggestion: string | undefined) =>
    findings.push({ ...finding, allowed: names, ...(suggestion !== undefined && { suggestion }) });
  if (!isKnown(model))
    report({ path: at, part: 'key', message: 'is not the name of a model' }, nearest(model, names));
  for (const [index, target] of targets.entries()) {
    if (isKnown(target)) continue;
    const suggestion = nearest(target, names);
    if (suggestion === undefined)
      warnings.push(
        `Model "${model}" has the fallback "${target}", which no provider serves: it is skipped.`,
      );
    else
      report(
        { path: [...at, index], message: 'is not the name of a model', found: JSON.stringify(target) },
        suggestion,
      );
  }
  return { findings, warnings };
}

/** One warning for each cycle of fallbacks. */
function findCycles(targets: ReadonlyMap<string, readonly string[]>): string[] {
  const warnings: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string) => {
    const start = trail.indexOf(name);
    if (start !== -1) {
      const cycle = [...trail.slice(start), name].map((step) => `"${step}"`).join(' → ');
      warnings.push(`Fallbacks form a cycle: ${cycle}. Each model is tried once.`);
    }
    if (start !== -1 || done.has(name)) return;
    trail.push(name);
    for (const target of targets.get(name) ?? []) visit(target);
    trail.pop();
    done.add(name);
  };
  for (const name of targets.keys()) visit(name);
  return warnings;
}
