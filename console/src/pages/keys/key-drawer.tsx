import { useQuery } from '@tanstack/react-query';
import { Pencil, RefreshCw, ScrollText, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { listModels } from '../../api/queries.ts';
import type { MasterKey } from '../../api/resources.ts';
import { useAct } from '../../ui/use-act.ts';
import { useMay, useSession } from '../../session/session.ts';
import { NONE } from '../../lib/format.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { DeleteDialog, Drawer } from '../../ui/dialog.tsx';
import { ProblemNotice } from '../../ui/states.tsx';
import { Switch } from '../../ui/toggle.tsx';
import { UsageMeter } from '../../ui/usage-meter.tsx';
import { Fact, Facts, When } from '../../ui/values.tsx';
import { KeyStatus } from './key-status.tsx';
import type { Secret } from './tab-props.ts';
import { limitText } from './limit-text.ts';
import { RotateDialog } from './rotate-dialog.tsx';
import { Snippets } from './snippets.tsx';

interface KeyDrawerProps {
  readonly masterKey: MasterKey;
  readonly version: number | undefined;
  readonly onClose: () => void;
  readonly onEdit: () => void;
  readonly onSecret: (secret: Secret) => void;
}

/** One key: what it may do, what it has used, how to use it. */
export function KeyDrawer({ masterKey, onClose, onEdit, onSecret }: KeyDrawerProps): ReactNode {
  const { t } = useTranslation();
  const { act, edit } = useMay();
  const { gateway } = useSession();
  const models = useQuery(listModels());
  const { id, usage = [], limits = [], allowed_models: allowed } = masterKey;
  const exact = allowed.find((name) => !name.includes('*'));
  return (
    <Drawer
      open
      onClose={onClose}
      title={masterKey.name ?? id}
      actions={
        <>
          <Link
            className="button is-quiet"
            href={`/requests?key=${encodeURIComponent(masterKey.name ?? id)}`}
          >
            <ScrollText aria-hidden /> {t('Requests')}
          </Link>
          {act && <Actions masterKey={masterKey} onEdit={onEdit} onClose={onClose} onSecret={onSecret} />}
        </>
      }
    >
      <div className="stack">
        <div className="row">
          <KeyStatus masterKey={masterKey} />
          <code className="muted">{masterKey.key_preview}</code>
          {edit && <Enabling masterKey={masterKey} />}
        </div>
        <Facts>
          <Fact label={t('Team')}>{masterKey.team ?? NONE}</Fact>
          <Fact label={t('User')}>{masterKey.user ?? NONE}</Fact>
          <Fact label={t('Models')}>{allowed.length === 0 ? t('all') : allowed.join(', ')}</Fact>
          <Fact label={t('Rate limit')}>
            {masterKey.rate_limit === null
              ? t('none')
              : t('{{rate}} per second', { rate: masterKey.rate_limit.requests_per_second })}
          </Fact>
          <Fact label={t('Expires')}>
            {masterKey.expires_at ? <When time={masterKey.expires_at} relative /> : t('never')}
          </Fact>
          {masterKey.last_used_at !== undefined && (
            <Fact label={t('Last used')}>
              <When time={masterKey.last_used_at} relative />
            </Fact>
          )}
          {/* A file does not say when. */}
          {gateway.mode !== 'file' && (
            <Fact label={t('Created')}>
              <When time={masterKey.created_at} />
            </Fact>
          )}
          {masterKey.previous_key_expires_at && (
            <Fact label={t('Old secret valid until')}>
              <When time={masterKey.previous_key_expires_at} />
            </Fact>
          )}
        </Facts>
        {(usage.length > 0 || limits.length > 0) && (
          <Card title={t('Limits')}>
            <div className="stack">
              {usage.map((use) => (
                <UsageMeter key={use.counter ?? use.id} use={use} />
              ))}
              {usage.length === 0 &&
                limits.map((limit) => <p key={JSON.stringify(limit)}>{limitText(limit, t)}</p>)}
            </div>
          </Card>
        )}
        <Card title={t('Setup')}>
          <Snippets model={exact ?? models.data?.models[0]?.id ?? 'MODEL'} />
        </Card>
      </div>
    </Drawer>
  );
}

function Enabling({ masterKey }: { masterKey: MasterKey }): ReactNode {
  const { t } = useTranslation();
  const act = useAct({ refresh: ['keys'] });
  return (
    <span className="push">
      <Switch
        label={t('Enabled')}
        isOn={masterKey.is_enabled}
        onChange={(isEnabled) =>
          act.mutate({
            method: 'PUT',
            path: `/master-keys/${encodeURIComponent(masterKey.id)}`,
            body: { is_enabled: isEnabled },
            done: isEnabled ? t('The key is enabled') : t('The key is disabled'),
          })
        }
      />
    </span>
  );
}

type ActionsProps = Pick<KeyDrawerProps, 'masterKey' | 'onEdit' | 'onClose' | 'onSecret'>;

function Actions({ masterKey, onEdit, onClose, onSecret }: ActionsProps): ReactNode {
  const { t } = useTranslation();
  const { edit } = useMay();
  const [dialog, setDialog] = useState<'rotate' | 'delete'>();
  const remove = useAct({ refresh: ['keys'], isQuiet: true });
  const { id } = masterKey;
  return (
    <>
      {edit && (
        <Button icon={RefreshCw} onClick={() => setDialog('rotate')}>
          {t('Rotate')}
        </Button>
      )}
      <Button icon={Pencil} onClick={onEdit}>
        {t('Edit')}
      </Button>
      {edit && <IconButton label={t('Delete')} icon={Trash2} onClick={() => setDialog('delete')} />}
      <RotateDialog
        open={dialog === 'rotate'}
        masterKey={masterKey}
        onClose={() => setDialog(undefined)}
        onSecret={onSecret}
      />
      <DeleteDialog
        open={dialog === 'delete'}
        onClose={() => setDialog(undefined)}
        name={id}
        title={t('Delete the key?')}
        consequence={t(
          'Programs that use this key are refused at once. Its past usage stays in the reports.',
        )}
        busy={remove.isPending}
        problem={<ProblemNotice error={remove.error} />}
        onDelete={() =>
          remove.mutate(
            {
              method: 'DELETE',
              path: `/master-keys/${encodeURIComponent(id)}`,
              done: t('{{name}} is deleted', { name: id }),
            },
            { onSuccess: onClose },
          )
        }
      />
    </>
  );
}
