import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../api/client.ts';
import { Problem, type ProblemDetail } from '../api/problem.ts';
import type { ResourceChange } from '../api/resources.ts';
import { sentences } from '../lib/sentences.ts';
import { useAct } from '../ui/use-act.ts';
import { Button } from '../ui/button.tsx';
import { Changes } from '../ui/changes.tsx';
import { CodeBlock } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice, ProblemNotice, SkeletonLines } from '../ui/states.tsx';
import { useMay, useSession } from '../session/session.ts';

/** A write of one resource that is not saved yet. */
export interface Draft {
  readonly kind: 'models' | 'providers' | 'master_keys' | 'settings' | 'teams';
  /** Below `/admin/v1`, such as `/master-keys`. */
  readonly path: string;
  readonly id: string;
  readonly isNew: boolean;
  /** With `id` for a new one. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The version that the form was filled from. */
  readonly version: number | undefined;
}

interface Preview {
  readonly changes: readonly ResourceChange[];
  readonly ok?: boolean;
  readonly problems?: readonly ProblemDetail[];
  /** The part of the configuration file, where a file holds the configuration. */
  readonly file?: Readonly<Record<string, unknown>>;
}

interface SaveDialogProps {
  readonly draft: Draft;
  readonly onClose: () => void;
  readonly onSaved: (answer: unknown) => void;
}

/** Shows what a write would change, and saves it. Where a file holds the configuration, it shows what to write there. */
export function SaveDialog({ draft, onClose, onSaved }: SaveDialogProps): ReactNode {
  const { t } = useTranslation();
  const { edit } = useMay();
  const [version, setVersion] = useState(draft.version);
  const preview = usePreview(draft);
  const save = useAct({
    refresh: [draft.kind === 'master_keys' ? 'keys' : draft.kind, 'routes', 'config'],
    isQuiet: true,
  });
  const conflict =
    save.error instanceof Problem && save.error.code === 'version_changed' ? save.error : undefined;
  const problems = preview.data?.problems ?? [];
  const submit = (ifVersion: number | undefined): void =>
    save.mutate(
      {
        method: draft.isNew ? 'POST' : 'PUT',
        path: draft.isNew ? draft.path : `${draft.path}/${encodeURIComponent(draft.id)}`,
        body: draft.fields,
        ifVersion,
        done: t('{{name}} is saved', { name: draft.id }),
      },
      { onSuccess: onSaved },
    );
  const foot = (
    <>
      <Button onClick={onClose}>{t('Back')}</Button>
      {edit && (
        <Button
          look="primary"
          busy={save.isPending}
          disabled={preview.isPending || problems.length > 0}
          onClick={() => submit(version)}
        >
          {conflict ? t('Overwrite') : t('Save')}
        </Button>
      )}
    </>
  );
  return (
    <Dialog open wide onClose={onClose} title={t('Review the change')} foot={foot}>
      <div className="stack">
        {preview.isPending && <SkeletonLines lines={3} />}
        {preview.data && problems.length === 0 && <Changes changes={preview.data.changes} />}
        <ProblemNotice error={save.error ? undefined : preview.error} />
        {problems.map(({ path, message }) => (
          <Notice key={`${path} ${message}`} look="bad">
            <span>
              <code>{path}</code> {message}
            </span>
          </Notice>
        ))}
        {conflict ? (
          <Conflict since={draft.version} onKnown={setVersion} />
        ) : (
          <ProblemNotice error={save.error} />
        )}
        {!edit && preview.data && preview.data.changes.length > 0 && problems.length === 0 && (
          <InFile draft={draft} file={preview.data.file} />
        )}
      </div>
    </Dialog>
  );
}

/** Asks the gateway; a gateway that cannot preview leaves it to the save to find what is wrong. */
function usePreview({ kind, id, fields }: Draft) {
  const { id: _, ...withoutId } = fields;
  return useQuery({
    queryKey: ['preview', kind, id, fields],
    queryFn: async ({ signal }): Promise<Preview> => {
      const change = { kind, id, fields: withoutId };
      try {
        return await admin<Preview>('/config/preview', { method: 'POST', body: change, signal });
      } catch (error) {
        if (!(error instanceof Problem) || ![404, 405, 409].includes(error.status)) throw error;
        const after = { path: '', before: undefined, after: withoutId };
        return { changes: [{ resource: kind, id, action: 'updated', diff: [after] }] };
      }
    },
    gcTime: 0,
    retry: false,
  });
}

/** Somebody else saved meanwhile: shows what, so that both can be compared. */
function Conflict({
  since,
  onKnown,
}: {
  since: number | undefined;
  onKnown: (version: number) => void;
}): ReactNode {
  const { t } = useTranslation();
  const others = useQuery({
    queryKey: ['conflict', since],
    queryFn: async ({ signal }) => {
      const { version } = await admin<{ version: number }>('/config/version', { signal });
      onKnown(version);
      const body = { from: since ?? version, to: 'current' };
      const { changes } = await admin<{ changes: readonly ResourceChange[] }>('/config/diff', {
        method: 'POST',
        body,
        signal,
      });
      return changes;
    },
    gcTime: 0,
  });
  return (
    <div className="stack">
      <Notice look="warning">
        <span>
          {t(
            'The configuration was changed while this form was open. Above is your change; below is the other one.',
          )}
        </span>
      </Notice>
      {others.data ? <Changes changes={others.data} /> : <SkeletonLines lines={2} />}
      <ProblemNotice error={others.error} />
    </div>
  );
}

interface InFileProps {
  readonly draft: Draft;
  readonly file: Preview['file'];
}

function InFile({ draft, file }: InFileProps): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const text = useQuery({
    queryKey: ['as-yaml', draft.id, draft.fields, file],
    queryFn: async () => (await import('yaml')).stringify(file && withTypedKey(file, draft)),
    enabled: file !== undefined,
    gcTime: 0,
  });
  const name = gateway.configuration_file ?? 'config.yaml';
  const where = draft.isNew
    ? t('The configuration is a file. Add this to {{file}}; the gateway applies it at once.', { file: name })
    : t(
        'The configuration is a file. Put this into {{file}} in place of the old entry; the gateway applies it at once.',
        { file: name },
      );
  const secrets = text.data?.includes('${')
    ? [t('A variable stands for each secret; keep what the file has there.')]
    : [];
  return (
    <div className="stack tight">
      <Notice look="note">
        <span>{sentences(where, ...secrets)}</span>
      </Notice>
      {text.data && <CodeBlock label="YAML" text={text.data} />}
    </div>
  );
}

/** The gateway repeats no credential of a provider; the one that was typed is put where it belongs. */
function withTypedKey(file: NonNullable<Preview['file']>, { kind, fields }: Draft): unknown {
  const { api_key: key } = fields;
  const { providers } = file;
  if (kind !== 'providers' || typeof key !== 'string' || !Array.isArray(providers)) return file;
  return { providers: providers.map((provider: object) => ({ ...provider, api_key: key })) };
}
