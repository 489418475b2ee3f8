import type { TraceContext } from './trace-context.ts';

/** Whether a request is recorded. `parent` is the client's position in the trace, if it has one. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

/** The sampler of that name in OpenTelemetry's environment variables; undefined: the name is unknown. */
export function samplerNamed(name: string, ratio: number): Sampler | undefined {
  const parentBased = name.startsWith(PARENT_BASED);
  const root = rootSampler(parentBased ? name.slice(PARENT_BASED.length) : name, ratio);
  if (root === undefined || !parentBased) return root;
  return (traceId, parent) => parent?.isSampled ?? root(traceId, parent);
}

const PARENT_BASED = 'parentbased_';

function rootSampler(name: string, ratio: number): Sampler | undefined {
  switch (name) {
    case 'always_on':
      return () => true;
    case 'always_off':
      return () => false;
    case 'traceidratio':
      return (traceId) => randomness(traceId) >= 1 - ratio;
    default:
      return undefined;
  }
}

/** From 0 to 1, from the last 52 of the bits that Trace Context keeps random, so that all parties agree. */
function randomness(traceId: string): number {
  return Number.parseInt(traceId.slice(-13), 16) / 2 ** 52;
}
