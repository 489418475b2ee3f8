import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readRecorded } from '../../api/queries.ts';
import { Problem } from '../../api/problem.ts';
import type { RecordedMessage, RequestDetail } from '../../api/types.ts';
import { useMay } from '../../session/session.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Failed, SkeletonLines } from '../../ui/states.tsx';

/** Some header fields of a request and of its answer, without credentials. */
export function HeaderFields({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const parts = [
    [t('Request'), request.request_headers],
    [t("Provider's answer"), request.answer_headers],
  ] as const;
  if (parts.every(([, fields]) => fields === undefined || fields.length === 0)) return null;
  return (
    <Card title={t('Headers')}>
      <div className="stack">
        {parts.map(([title, fields]) => (
          <Fields key={title} title={title} fields={fields ?? []} />
        ))}
      </div>
    </Card>
  );
}

function Fields({
  title,
  fields,
}: {
  title: string;
  fields: NonNullable<RequestDetail['request_headers']>;
}): ReactNode {
  if (fields.length === 0) return null;
  return (
    <section>
      <h3 className="small muted">{title}</h3>
      <dl className="headers">
        {fields.map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The recorded bodies, for an admin, on request. Nothing where the configuration records none. */
export function RecordedBodies({ request }: { request: RequestDetail }): ReactNode {
  const { t } = useTranslation();
  const { administer } = useMay();
  const [isShown, setShown] = useState(false);
  if (request.is_recording !== true || !administer) return null;
  return (
    <Card
      title={t('Recorded bodies')}
      actions={
        !isShown && (
          <Button small onClick={() => setShown(true)}>
            {t('Show')}
          </Button>
        )
      }
    >
      {isShown ? (
        <Bodies id={request.request_id} />
      ) : (
        <p className="small muted">{t('They may contain personal data. Secrets are masked.')}</p>
      )}
    </Card>
  );
}

function Bodies({ id }: { id: string }): ReactNode {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(readRecorded(id));
  if (error instanceof Problem && error.status === 404)
    return <p className="small muted">{t('Nothing was recorded of this request on this machine.')}</p>;
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonLines lines={3} />;
  return (
    <div className="stack">
      <Message title={t('Request')} message={data.request} />
      <Message title={t('Answer')} message={data.answer} />
    </div>
  );
}

function Message({ title, message }: { title: string; message: RecordedMessage }): ReactNode {
  const { t } = useTranslation();
  return (
    <section className="stack tight">
      <h3 className="small">
        {title} <span className="mono muted">{message.title}</span>
      </h3>
      <details>
        <summary className="small">{t('Headers')}</summary>
        <CodeBlock label={`${title}: ${t('Headers')}`} text={message.headers} />
      </details>
      <CodeBlock label={`${title}: ${t('Body')}`} text={pretty(message.body)} />
    </section>
  );
}

/** JSON in lines; other text as it is. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
