import { type Actual, type Admission, joinAdmissions } from '../limits/admission.ts';
import type { Demand, Gateway, RequestLimit } from './ports.ts';

/**
 * Asks every limit that depends on the body or model, and joins their admissions to `admission`. Without such a limit
 * it returns `admission` itself, and no promise. If a limit refuses, the other reservations are released.
 */
export function reserve(
  admission: Admission,
  demand: Demand,
  { limits }: Pick<Gateway, 'limits'>,
): Admission | Promise<Admission> {
  return limits.length === 0 ? admission : reserveAll(admission, demand, limits);
}

async function reserveAll(
  admission: Admission,
  demand: Demand,
  limits: readonly RequestLimit[],
): Promise<Admission> {
  let held = admission;
  try {
    for (const limit of limits) held = joinAdmissions(held, await limit.reserve(demand));
    return held;
  } catch (error) {
    held.settle(UNUSED);
    throw error;
  }
}

const UNUSED: Actual = { wasServed: false, inputTokens: 0, outputTokens: 0 };
