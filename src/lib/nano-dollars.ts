/** An amount of dollars in whole nano-dollars (10⁻⁹ dollar); undefined: it is no amount. */
export function nanoDollars(dollars: unknown): number | undefined {
  const nano = typeof dollars === 'number' && dollars >= 0 ? Math.round(dollars * 1e9) : Number.NaN;
  return Number.isSafeInteger(nano) ? nano : undefined;
}
