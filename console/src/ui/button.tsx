import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { Tip } from './tip.tsx';

type Look = 'default' | 'primary' | 'quiet' | 'danger' | 'danger-solid';

export interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: Look;
  readonly icon?: LucideIcon | undefined;
  readonly small?: boolean;
  /** Something is under way; a second press does nothing. */
  readonly busy?: boolean;
  readonly children?: ReactNode;
}

/** A button with a word on it. */
export function Button({ look, icon, small, busy, children, className, ...rest }: ButtonProps): ReactNode {
  const Icon = busy ? LoaderCircle : icon;
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      className={classes(
        'button',
        look && look !== 'default' && `is-${look}`,
        small && 'is-small',
        busy && 'is-busy',
        className,
      )}
    >
      {Icon && <Icon aria-hidden />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** The button's action, for screen readers and as a tooltip. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly keys?: string;
}

/** A square button with an icon alone. */
export function IconButton({ label, keys, className, look = 'quiet', ...rest }: IconButtonProps): ReactNode {
  return (
    <Tip text={label} keys={keys}>
      <Button {...rest} look={look} aria-label={label} className={classes('is-square', className)} />
    </Tip>
  );
}

/** Joins class names, leaving out what is not set. */
export function classes(...names: readonly (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
