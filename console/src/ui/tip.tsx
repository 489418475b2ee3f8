import { cloneElement, type ReactElement, type ReactNode } from 'react';

interface TipProps {
  readonly text: string;
  readonly keys?: string | undefined;
  readonly children: ReactElement<Record<string, unknown>>;
}

/** A text beside an element while it is hovered or has the focus. `Tips` shows it. */
export function Tip({ text, keys, children }: TipProps): ReactNode {
  return cloneElement(children, { 'data-tip': text, ...(keys !== undefined && { 'data-tip-keys': keys }) });
}
