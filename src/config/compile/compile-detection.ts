import type { Settings } from '../read/settings.ts';
import type { Detection } from '../snapshot.ts';

/** Compiles the statuses that count as failures into one look-up. */
export function compileDetection({
  errorCodes,
  errorPatterns,
}: Pick<Settings, 'errorCodes' | 'errorPatterns'>): Detection {
  const failures = new Set(errorCodes.flatMap(statusesOf));
  return { isErrorStatus: (status) => failures.has(status), errorPatterns };
}

function statusesOf(code: number | string): number[] {
  const text = String(code);
  if (!/xx$/i.test(text)) return [Number(text)];
  const first = Number(text.charAt(0)) * 100;
  return Array.from({ length: 100 }, (_, index) => first + index);
}
