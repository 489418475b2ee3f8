import { cloneElement, type ComponentProps, type ReactElement, type ReactNode, useId } from 'react';
import { classes } from './button.tsx';

interface FieldProps {
  readonly label: ReactNode;
  /** To the right of the label. */
  readonly hint?: ReactNode;
  /** Below the control. */
  readonly note?: ReactNode;
  readonly problem?: string | undefined;
  /** The control; it gets its id from here. */
  readonly children: ReactElement<{ id?: string; 'aria-invalid'?: boolean; 'aria-describedby'?: string }>;
}

/** A control with its label, a note, and what is wrong with it. */
export function Field({ label, hint, note, problem, children }: FieldProps): ReactNode {
  const id = useId();
  const about = `${id}-about`;
  const hasMore = note !== undefined || problem !== undefined;
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        <span>{label}</span>
        {hint !== undefined && <span className="muted">{hint}</span>}
      </label>
      {cloneElement(children, {
        id,
        ...(problem !== undefined && { 'aria-invalid': true }),
        ...(hasMore && { 'aria-describedby': about }),
      })}
      {hasMore && (
        <div id={about} className={problem === undefined ? 'field-note' : 'field-problem'}>
          {problem ?? note}
        </div>
      )}
    </div>
  );
}

interface InputProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly mono?: boolean;
}

/** A line of text. */
export function Input({ onValue, mono, className, ...rest }: InputProps): ReactNode {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      {...rest}
      className={classes('input', mono && 'is-mono', className)}
      onChange={(event) => onValue(event.target.value)}
    />
  );
}

interface TextAreaProps extends Omit<ComponentProps<'textarea'>, 'onChange' | 'value'> {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly mono?: boolean;
}

/** Lines of text. */
export function TextArea({ onValue, mono, className, ...rest }: TextAreaProps): ReactNode {
  return (
    <textarea
      spellCheck={false}
      {...rest}
      className={classes('input', mono && 'is-mono', className)}
      onChange={(event) => onValue(event.target.value)}
    />
  );
}
