import type { LucideIcon } from 'lucide-react';
import type { ReactElement } from 'react';

export interface MenuEntry {
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly onSelect: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** A line above it. */
  readonly isFirstOfGroup?: boolean;
  readonly isChosen?: boolean;
}

export interface MenuProps {
  readonly trigger: ReactElement<{
    onClick?: () => void;
    'aria-haspopup'?: 'menu';
    'aria-expanded'?: boolean;
  }>;
  readonly entries: readonly MenuEntry[];
  readonly side?: 'top' | 'bottom';
  readonly align?: 'start' | 'end';
}
