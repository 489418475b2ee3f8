import { diffLines } from 'diff';

const AROUND = 3;

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap';
  readonly text: string;
}

/** The lines that differ, each with those around it; what is left out becomes a gap. */
export function changedLines(before: string, after: string): readonly DiffLine[] {
  const all = diffLines(before, after).flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, '')
      .split('\n')
      .map((text): DiffLine => ({ kind: added ? 'added' : removed ? 'removed' : 'same', text })),
  );
  const isNear = all.map(() => false);
  all.forEach(({ kind }, at) => {
    if (kind !== 'same') isNear.fill(true, Math.max(0, at - AROUND), at + AROUND + 1);
  });
  return all.flatMap((line, at): DiffLine[] => {
    if (isNear[at]) return [line];
    return isNear[at - 1] || at === 0 ? [{ kind: 'gap', text: '' }] : [];
  });
}
