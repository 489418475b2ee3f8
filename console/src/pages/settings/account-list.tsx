import { useQuery } from '@tanstack/react-query';
import { Ellipsis, Plus, RefreshCw, Trash2, UserRound } from 'lucide-react';
import type { TFunction } from 'i18next';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import type { Account } from '../../api/resources.ts';
import { useSession } from '../../session/session.ts';
import { useAct } from '../../ui/use-act.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { DeleteDialog, Dialog } from '../../ui/dialog.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Select } from '../../ui/select.tsx';
import { Empty, Failed, Notice, ProblemNotice, SkeletonLines } from '../../ui/states.tsx';
import type { Column } from '../../ui/sort-header.tsx';
import { Switch } from '../../ui/toggle.tsx';
import { When } from '../../ui/values.tsx';
import { AccountForm, useRoles } from './account-form.tsx';

interface Shown {
  readonly name: string;
  readonly secret: string;
}

/** The accounts that may sign in, and the role of each. */
export function AccountList(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const [isNew, setNew] = useState(false);
  const [shown, setShown] = useState<Shown>();
  const accounts = useQuery({
    queryKey: ['accounts'],
    queryFn: ({ signal }) => admin<{ accounts: readonly Account[] }>('/accounts', { signal }),
    retry: false,
    enabled: gateway.mode !== 'file',
  });
  const columns: readonly Column<Account>[] = useMemo(() => columnsOf(t, setShown), [t]);
  if (gateway.mode === 'file') {
    return (
      <Empty
        icon={UserRound}
        title={t('Accounts need a database')}
        text={t(
          'With a configuration file, everyone signs in with the ADMIN_KEY, and key holders with their key.',
        )}
      />
    );
  }
  if (accounts.error) return <Failed error={accounts.error} onRetry={() => void accounts.refetch()} />;
  if (!accounts.data) return <SkeletonLines />;
  return (
    <div className="stack">
      <div className="row">
        <p className="muted grow">
          {t(
            'Each account signs in with its own secret. Accounts are not part of the configuration, so a rollback does not restore a deleted one.',
          )}
        </p>
        <Button look="primary" icon={Plus} onClick={() => setNew(true)}>
          {t('New account')}
        </Button>
      </div>
      <DataTable
        label={t('Accounts')}
        rows={accounts.data.accounts}
        keyOf={({ id }) => id}
        empty={
          <Empty
            icon={UserRound}
            title={t('No account yet')}
            text={
              gateway.mode === 'demo'
                ? t('The demo asks nobody to sign in.')
                : t('Until then, everyone signs in with the ADMIN_KEY.')
            }
          />
        }
        columns={columns}
      />
      {isNew && <AccountForm onClose={() => setNew(false)} onSecret={setShown} />}
      {shown && (
        <Dialog
          open
          isFirm
          onClose={() => setShown(undefined)}
          title={t('The secret of {{name}}', { name: shown.name })}
          foot={
            <Button look="primary" onClick={() => setShown(undefined)}>
              {t('I have saved it')}
            </Button>
          }
        >
          <div className="stack">
            <Notice look="warning">
              <span>{t('Copy it now. It is not shown again, because the gateway stores only a hash.')}</span>
            </Notice>
            <CodeBlock label={t('Secret')} text={shown.secret} />
          </div>
        </Dialog>
      )}
    </div>
  );
}

function columnsOf(t: TFunction, setShown: (shown: Shown) => void): readonly Column<Account>[] {
  return [
    {
      id: 'name',
      title: t('Name'),
      className: 'truncate strong',
      sortBy: ({ name }) => name,
      cell: ({ name }) => name,
    },
    {
      id: 'role',
      title: t('Role'),
      sortBy: ({ role }) => role,
      cell: (account) => <RoleChoice account={account} />,
    },
    { id: 'enabled', title: t('Enabled'), cell: (account) => <Enabling account={account} /> },
    {
      id: 'used',
      title: t('Last used'),
      isMinor: true,
      sortBy: (one) => one.last_used_at,
      cell: (one) => <When time={one.last_used_at} relative />,
    },
    {
      id: 'created',
      title: t('Created'),
      isMinor: true,
      sortBy: (one) => one.created_at,
      cell: (one) => <When time={one.created_at} />,
    },
    {
      id: 'actions',
      title: t('Actions'),
      hideTitle: true,
      cell: (account) => <Actions account={account} onSecret={setShown} />,
    },
  ];
}

function pathOf({ id }: Account): string {
  return `/accounts/${encodeURIComponent(id)}`;
}

function RoleChoice({ account }: { account: Account }): ReactNode {
  const { t } = useTranslation();
  const act = useAct({ refresh: ['accounts'] });
  return (
    <Select
      auto
      label={t('Role of {{name}}', { name: account.name })}
      value={account.role}
      options={useRoles()}
      onChange={(role) =>
        act.mutate({
          method: 'PUT',
          path: pathOf(account),
          body: { role },
          done: t('{{name}} is saved', { name: account.name }),
        })
      }
    />
  );
}

function Enabling({ account }: { account: Account }): ReactNode {
  const { t } = useTranslation();
  const act = useAct({ refresh: ['accounts'] });
  return (
    <Switch
      hideLabel
      label={t('{{name}} is enabled', { name: account.name })}
      isOn={account.is_enabled}
      onChange={(isEnabled) =>
        act.mutate({ method: 'PUT', path: pathOf(account), body: { is_enabled: isEnabled } })
      }
    />
  );
}

function Actions({ account, onSecret }: { account: Account; onSecret: (shown: Shown) => void }): ReactNode {
  const { t } = useTranslation();
  const { name } = account;
  const [isDeleting, setDeleting] = useState(false);
  const rotate = useAct<{ secret: string }>({ refresh: ['accounts'] });
  const remove = useAct({ refresh: ['accounts', 'sessions'], isQuiet: true });
  return (
    <>
      <Menu
        trigger={<IconButton small label={t('Actions for {{name}}', { name })} icon={Ellipsis} />}
        entries={[
          {
            label: t('New secret'),
            icon: RefreshCw,
            onSelect: () =>
              rotate.mutate(
                { path: `${pathOf(account)}/rotate`, body: {} },
                { onSuccess: ({ secret }) => onSecret({ name, secret }) },
              ),
          },
          { label: t('Delete'), icon: Trash2, danger: true, onSelect: () => setDeleting(true) },
        ]}
      />
      <DeleteDialog
        open={isDeleting}
        onClose={() => setDeleting(false)}
        name={name}
        title={t('Delete the account?')}
        consequence={t('Its sessions end at once.')}
        busy={remove.isPending}
        problem={<ProblemNotice error={remove.error} />}
        onDelete={() =>
          remove.mutate(
            { method: 'DELETE', path: pathOf(account), done: t('{{name}} is deleted', { name }) },
            { onSuccess: () => setDeleting(false) },
          )
        }
      />
    </>
  );
}
