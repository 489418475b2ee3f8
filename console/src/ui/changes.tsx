import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResourceChange } from '../api/resources.ts';
import { changedLines, type DiffLine } from '../lib/diff-lines.ts';

const LOOKS = { created: 'is-good', updated: 'is-note', deleted: 'is-bad' } as const;

/** Changes of resources, field by field. */
export function Changes({ changes }: { changes: readonly ResourceChange[] }): ReactNode {
  const { t } = useTranslation();
  if (changes.length === 0) return <p className="muted">{t('Nothing changes.')}</p>;
  const actions = { created: t('created'), updated: t('changed'), deleted: t('deleted') };
  return (
    <ul className="stack">
      {changes.map(({ resource, id, action, diff }) => (
        <li key={`${resource}/${id}`} className="stack tight">
          <span className="row tight">
            <span className={`badge ${LOOKS[action]}`}>{actions[action]}</span>
            <span className="muted">{resource}</span>
            <span className="strong">{id}</span>
          </span>
          {diff.length > 0 && (
            <div className="diff">
              {diff.map(({ path, before, after }) => (
                <FieldDiff
                  key={path}
                  path={path}
                  before={action === 'created' ? undefined : before}
                  after={action === 'deleted' ? undefined : after}
                />
              ))}
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

/** A field that is not set is null, or missing. */
function FieldDiff({ path, before, after }: { path: string; before: unknown; after: unknown }): ReactNode {
  const wasSet = (before ?? undefined) !== undefined;
  const isSet = (after ?? undefined) !== undefined;
  return (
    <>
      {path !== '' && <div className="diff-gap">{path}</div>}
      {wasSet && isSet ? (
        <Lines lines={changedLines(textOf(before), textOf(after))} />
      ) : wasSet ? (
        <Line sign="−" look="is-removed" text={textOf(before)} />
      ) : (
        <Line sign="+" look="is-added" text={textOf(after ?? null)} />
      )}
    </>
  );
}

function Line({ sign, look, text }: { sign: string; look: string; text: string }): ReactNode {
  return (
    <div className={`diff-line ${look}`}>
      <span>{sign}</span>
      <span>{text}</span>
    </div>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

/** The lines that differ between two texts, with three lines around each. */
export function TextDiff({ lines }: { lines: readonly DiffLine[] }): ReactNode {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
    <div className="diff" tabIndex={0} role="group">
      <Lines lines={lines} />
    </div>
  );
}

function Lines({ lines }: { lines: readonly DiffLine[] }): ReactNode {
  return lines.map(({ kind, text }, at) =>
    kind === 'gap' ? (
      // oxlint-disable-next-line react/no-array-index-key -- lines have no id
      <div key={at} className="diff-gap">
        ⋯
      </div>
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- lines have no id
      <Line key={at} sign={SIGNS[kind]} look={`is-${kind}`} text={text} />
    ),
  );
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;
