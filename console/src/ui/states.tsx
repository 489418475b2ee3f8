import { CircleAlert, Inbox, type LucideIcon, RotateCw, TriangleAlert, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem.ts';
import { sentences } from '../lib/sentences.ts';
import { Button, classes } from './button.tsx';

interface EmptyProps {
  readonly icon?: LucideIcon;
  readonly title: string;
  readonly text?: ReactNode;
  /** It stands in place of a whole page, and has its heading. */
  readonly isPage?: boolean;
  readonly children?: ReactNode;
}

/** Says that there is nothing, why, and what to do. */
export function Empty({ icon: Icon = Inbox, title, text, isPage = false, children }: EmptyProps): ReactNode {
  const Heading = isPage ? 'h1' : 'h2';
  return (
    <div className="empty">
      <Icon aria-hidden />
      <Heading>{title}</Heading>
      {text !== undefined && <p>{text}</p>}
      {children !== undefined && <div className="row">{children}</div>}
    </div>
  );
}

/** Says what went wrong, and offers to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Empty icon={CircleAlert} title={t('This could not be loaded')} text={useProblemText()(error)}>
      {onRetry && (
        <Button icon={RotateCw} onClick={onRetry}>
          {t('Try again')}
        </Button>
      )}
    </Empty>
  );
}

/** Puts an error into words. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
    if (error.status === 0) return t('The gateway does not answer. It may be restarting.');
    if (error.code === 'store_unavailable' && error.message.startsWith('The database'))
      return t('The database is currently unavailable. Try again shortly.');
    return error.message;
  };
}

/** Says that the values on the page could not be read again. */
export function Outdated({ error }: { error: unknown }): ReactNode {
  const { t } = useTranslation();
  const text = useProblemText();
  if (error === null || error === undefined) return null;
  return (
    <Notice look="warning">
      <span>{sentences(text(error), t('What you see may be out of date.'))}</span>
    </Notice>
  );
}

/** The problems of a form, with every detail. */
export function ProblemNotice({ error }: { error: unknown }): ReactNode {
  const text = useProblemText();
  if (error === null || error === undefined) return null;
  return (
    <Notice look="bad">
      <div className="grow">
        <p>{text(error)}</p>
      </div>
    </Notice>
  );
}

const ICONS = { warning: TriangleAlert, bad: CircleAlert, note: Info };

/** A line that has to be seen. */
export function Notice({ look, children }: { look: keyof typeof ICONS; children: ReactNode }): ReactNode {
  const Icon = ICONS[look];
  return (
    <div className={classes('notice', `is-${look}`)} role={look === 'bad' ? 'alert' : 'status'}>
      <Icon aria-hidden />
      {children}
    </div>
  );
}

/** A grey block of the size of what is being loaded. */
export function Skeleton({
  height = '1rem',
  width = '100%',
}: {
  height?: string;
  width?: string;
}): ReactNode {
  return <span className="skeleton" style={{ height, width }} />;
}

/** Several lines that are being loaded. */
export function SkeletonLines({ lines = 6 }: { lines?: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="stack" role="status" aria-label={t('Loading …')}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height="1.75rem" />
      ))}
    </div>
  );
}
