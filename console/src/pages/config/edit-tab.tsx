import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import { sentences } from '../../lib/sentences.ts';
import { useMay, useSession } from '../../session/session.ts';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Failed, Notice, Skeleton } from '../../ui/states.tsx';
import { ApplyDialog } from './apply-dialog.tsx';
import type { Schema } from './schema-path.ts';
import { useExport, validate, type Validation } from './use-export.ts';
import type { EditorProblem } from './yaml-editor.tsx';

const Editor = lazy(async () => ({ default: (await import('./yaml-editor.tsx')).YamlEditor }));

/** The configuration as one text, to be changed as a whole. */
export function EditTab(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const { administer } = useMay();
  const exported = useExport();
  const schema = useSchema();
  const [text, setText] = useState<string>();
  const [validation, setValidation] = useState<Validation>();
  const [isReviewing, setReviewing] = useState(false);
  if (exported.error) return <Failed error={exported.error} onRetry={() => void exported.refetch()} />;
  if (!exported.data) return <Skeleton height="60vh" />;
  const { yaml, version } = exported.data;
  const current = text ?? yaml;
  const isChanged = current !== yaml;
  const check = async (edited: string): Promise<readonly EditorProblem[]> => {
    // The text as it was exported is in force.
    const found = edited === yaml ? { ok: true, problems: [], warnings: [] } : await validate(edited);
    setValidation(found);
    return found.problems.map(({ line, column, path, message }) => ({
      line: line ?? 1,
      column: column ?? 1,
      message: `${path} ${message}`.trim(),
      severity: 'error',
    }));
  };
  const inFile = gateway.mode === 'file';
  return (
    <div className="stack">
      {inFile && <InFile text={current} />}
      <div className="editor-frame">
        <Suspense fallback={<Skeleton height="100%" />}>
          <Editor
            key={version}
            label={t('Configuration as YAML')}
            text={current}
            schema={schema}
            isReadOnly={!administer}
            onText={setText}
            check={check}
          />
        </Suspense>
      </div>
      <div className="row">
        {administer ? (
          <>
            <Findings validation={validation} isChanged={isChanged} isEmpty={current.trim() === ''} />
            <Choice
              canDiscard={isChanged}
              canReview={isChanged && validation?.ok !== false}
              onDiscard={() => {
                setText(undefined);
                void exported.refetch();
              }}
              onReview={() => setReviewing(true)}
            />
          </>
        ) : (
          <span className="muted small">{t('Only an admin may change the configuration as a whole.')}</span>
        )}
      </div>
      {isReviewing && (
        <ApplyDialog
          yaml={current}
          before={yaml}
          version={version}
          prune
          canApply={administer && !inFile}
          onClose={() => setReviewing(false)}
          onApplied={() => {
            setReviewing(false);
            setText(undefined);
          }}
        />
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly canDiscard: boolean;
  readonly canReview: boolean;
  readonly onDiscard: () => void;
  readonly onReview: () => void;
}

function Choice({ canDiscard, canReview, onDiscard, onReview }: ChoiceProps): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="push row">
      <Button disabled={!canDiscard} onClick={onDiscard}>
        {t('Discard')}
      </Button>
      <Button look="primary" disabled={!canReview} onClick={onReview}>
        {t('Review the change')}
      </Button>
    </span>
  );
}

function InFile({ text }: { text: string }): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const where = t(
    'The configuration is the file {{file}}. Change it there; here you can try out a change and copy it.',
    { file: gateway.configuration_file ?? 'config.yaml' },
  );
  const secrets = text.includes('${')
    ? [t('A variable stands for each secret; keep what the file has there.')]
    : [];
  return (
    <Notice look="note">
      <span className="grow">{sentences(where, ...secrets)}</span>
      <Copy text={text} label={t('Copy all')} />
    </Notice>
  );
}

function useSchema(): Schema | undefined {
  const { data } = useQuery({
    queryKey: ['config-schema'],
    queryFn: ({ signal }) => admin<Schema>('/config/schema', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data;
}

interface FindingsProps {
  readonly validation: Validation | undefined;
  readonly isChanged: boolean;
  readonly isEmpty: boolean;
}

function Findings({ validation, isChanged, isEmpty }: FindingsProps): ReactNode {
  const { t } = useTranslation();
  if (!isChanged)
    return (
      <span className="muted small">
        {isEmpty ? t('Nothing is configured yet: write it here, or import a file') : t('No changes')} ·{' '}
        {t('Esc, then Tab leaves the editor')}
      </span>
    );
  if (!validation) return <span className="muted small">{t('Checking …')}</span>;
  const { problems, warnings } = validation;
  return (
    <div className="stack tight grow" role="status">
      {problems.slice(0, 5).map(({ path, line, message }) => (
        <span key={`${path} ${message}`} className="is-red small">
          {line !== null && `${t('line {{line}}', { line })}: `}
          <code>{path}</code> {message}
        </span>
      ))}
      {problems.length === 0 && <span className="is-green small">{t('The configuration is valid.')}</span>}
      {warnings.slice(0, 5).map((warning) => (
        <span key={warning} className="is-amber small">
          {warning}
        </span>
      ))}
    </div>
  );
}
