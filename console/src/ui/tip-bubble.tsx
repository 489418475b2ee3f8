import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactNode } from 'react';

export interface ShownTip {
  readonly element: Element;
  readonly text: string;
  readonly keys: string | undefined;
}

/** A text beside an element. */
export function TipBubble({ element, text, keys }: ShownTip): ReactNode {
  return (
    <Tooltip.Root open>
      <Tooltip.Portal>
        <Tooltip.Positioner className="positioner" sideOffset={6} anchor={element}>
          <Tooltip.Popup className="tooltip">
            {text} {keys !== undefined && <kbd>{keys}</kbd>}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
