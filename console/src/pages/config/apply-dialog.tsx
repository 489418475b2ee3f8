import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import { Problem } from '../../api/problem.ts';
import { useAct } from '../../ui/use-act.ts';
import { changedLines } from '../../lib/diff-lines.ts';
import { Button } from '../../ui/button.tsx';
import { Changes, TextDiff } from '../../ui/changes.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice, ProblemNotice, SkeletonLines } from '../../ui/states.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import type { Difference } from './use-export.ts';

interface ApplyDialogProps {
  readonly yaml: string;
  /** The text that it is compared with line by line; left out: there is no such text. */
  readonly before?: string;
  readonly version: number | undefined;
  /** Deletes the resources that the text does not name. */
  readonly prune: boolean;
  readonly from?: 'litellm';
  readonly canApply: boolean;
  readonly onClose: () => void;
  readonly onApplied: () => void;
}

/** Shows what a text would change, and applies it. */
export function ApplyDialog(props: ApplyDialogProps): ReactNode {
  const { yaml, before, version, prune, from, canApply, onClose, onApplied } = props;
  const { t } = useTranslation();
  const body = { yaml, prune, ...(from && { from }) };
  const difference = useQuery({
    queryKey: ['config', 'difference', body],
    queryFn: ({ signal }) => admin<Difference>('/config/diff', { method: 'POST', body, signal }),
    gcTime: 0,
    retry: false,
  });
  const apply = useAct({
    refresh: ['config', 'models', 'providers', 'keys', 'teams', 'users', 'routes'],
    isQuiet: true,
  });
  const isConflict = apply.error instanceof Problem && apply.error.code === 'version_changed';
  const changes = difference.data?.changes ?? [];
  const foot = (
    <>
      <Button onClick={onClose}>{t('Back')}</Button>
      {canApply && (
        <Button
          look="primary"
          busy={apply.isPending}
          disabled={changes.length === 0}
          onClick={() =>
            apply.mutate(
              { path: '/config/import', body, ifVersion: version, done: t('The configuration is applied') },
              { onSuccess: onApplied },
            )
          }
        >
          {t('Apply {{count}} changes', { count: changes.length })}
        </Button>
      )}
    </>
  );
  return (
    <Dialog open wide onClose={onClose} title={t('What would change')} foot={foot}>
      <div className="stack">
        {difference.isPending && <SkeletonLines lines={4} />}
        <ProblemNotice error={difference.error} />
        {difference.data && (
          <Tabs
            tabs={[
              { id: 'fields', label: t('Field by field'), content: <Changes changes={changes} /> },
              ...(before === undefined
                ? []
                : [
                    {
                      id: 'lines',
                      label: t('Line by line'),
                      content: <TextDiff lines={changedLines(before, yaml)} />,
                    },
                  ]),
            ]}
          />
        )}
        {isConflict ? (
          <Notice look="warning">
            <span>
              {t(
                'The configuration was changed while you were editing. Go back, keep your text, and reload the page to see the other change under Revisions.',
              )}
            </span>
          </Notice>
        ) : (
          <ProblemNotice error={apply.error} />
        )}
      </div>
    </Dialog>
  );
}
