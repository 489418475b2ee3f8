import { type ReactNode, useId } from 'react';
import { classes } from './button.tsx';

interface CardProps {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
  /** Its content reaches to the edges. */
  readonly flush?: boolean;
}

/** A part of a page with a frame around it. */
export function Card({ title, actions, children, flush }: CardProps): ReactNode {
  const id = useId();
  return (
    <section className="card" aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className="card-head">
          <h2 id={id}>{title}</h2>
          {actions !== undefined && <div className="push">{actions}</div>}
        </div>
      )}
      {children !== undefined && <div className={classes('card-body', flush && 'is-flush')}>{children}</div>}
    </section>
  );
}
