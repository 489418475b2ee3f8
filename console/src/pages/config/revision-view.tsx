import { useQuery } from '@tanstack/react-query';
import { RotateCcw, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import type { HistoryEntry, ResourceChange } from '../../api/resources.ts';
import { useAct } from '../../ui/use-act.ts';
import { useMay } from '../../session/session.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Changes } from '../../ui/changes.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ProblemNotice, SkeletonLines } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import { actionText } from './action-text.ts';
import type { Difference } from './use-export.ts';

interface RevisionViewProps {
  readonly entry: HistoryEntry | undefined;
  readonly version: number;
  /** Another version to compare with. */
  readonly compared: number | undefined;
  readonly isCurrent: boolean;
  readonly onStopComparing: () => void;
}

/** The changes of one revision, or the differences between two. */
export function RevisionView(props: RevisionViewProps): ReactNode {
  const { entry, version, compared, isCurrent, onStopComparing } = props;
  const { t } = useTranslation();
  const { administer } = useMay();
  const [isRollback, setRollback] = useState(false);
  const changes = useQuery({
    queryKey: ['config', 'revision', version, compared],
    queryFn: ({ signal }) => changesOf(version, compared, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const title =
    compared === undefined
      ? t('Version {{version}}', { version })
      : t('From {{from}} to {{to}}', { from: Math.min(version, compared), to: Math.max(version, compared) });
  const actions =
    compared !== undefined ? (
      <Button small icon={X} onClick={onStopComparing}>
        {t('Stop comparing')}
      </Button>
    ) : (
      administer &&
      !isCurrent && (
        <Button small icon={RotateCcw} onClick={() => setRollback(true)}>
          {t('Roll back to it')}
        </Button>
      )
    );
  return (
    <Card title={title} actions={actions}>
      <div className="stack">
        {entry && compared === undefined && (
          <p className="muted">
            {actionText(entry.action, t)} · {entry.actor} · <When time={entry.timestamp} />
            {isCurrent && (
              <>
                {' '}
                <span className="badge is-good">{t('in force')}</span>
              </>
            )}
          </p>
        )}
        {changes.data ? (
          <Changes changes={changes.data} />
        ) : changes.error ? null : (
          <SkeletonLines lines={3} />
        )}
        <ProblemNotice error={changes.error} />
      </div>
      {isRollback && <Rollback version={version} onClose={() => setRollback(false)} />}
    </Card>
  );
}

async function changesOf(
  version: number,
  compared: number | undefined,
  signal: AbortSignal,
): Promise<readonly ResourceChange[]> {
  if (compared === undefined) {
    const { changes } = await admin<Difference>(`/config/history/${version}`, { signal });
    return changes;
  }
  const body = { from: Math.min(version, compared), to: Math.max(version, compared) };
  return (await admin<Difference>('/config/diff', { method: 'POST', body, signal })).changes;
}

function Rollback({ version, onClose }: { version: number; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const preview = useQuery({
    queryKey: ['config', 'rollback', version],
    queryFn: ({ signal }) =>
      admin<Difference>('/config/rollback/preview', { method: 'POST', body: { version }, signal }),
    gcTime: 0,
  });
  const rollback = useAct({ refresh: ['config', 'models', 'providers', 'keys', 'routes'], isQuiet: true });
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t('Roll back to version {{version}}', { version })}
      description={t('This creates a new version with the old content.')}
      foot={
        <>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button
            look="primary"
            busy={rollback.isPending}
            disabled={!preview.data}
            onClick={() =>
              rollback.mutate(
                {
                  path: '/config/rollback',
                  body: { version },
                  done: t('Version {{version}} is restored', { version }),
                },
                { onSuccess: onClose },
              )
            }
          >
            {t('Roll back')}
          </Button>
        </>
      }
    >
      <div className="stack">
        {preview.data ? <Changes changes={preview.data.changes} /> : <SkeletonLines lines={3} />}
        <ProblemNotice error={preview.error ?? rollback.error} />
      </div>
    </Dialog>
  );
}
