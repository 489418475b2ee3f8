import { ChartColumn } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/problem.ts';
import { useSession } from '../../session/session.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { Empty } from '../../ui/states.tsx';

/** Whether the gateway answered that it keeps no spending. */
export function isNotStored(error: unknown): boolean {
  return error instanceof Problem && error.status === 409;
}

/** A gateway with a file keeps usage only where a limit needs it. */
const LIMIT = `limits:
  - cost: 100
    per: month
    on_exceed: warn # refuses nothing
`;

/** Says that no usage is kept, and how to turn that on. */
export function NotStored(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const example = t('For example, in {{file}}', { file: gateway.configuration_file ?? 'config.yaml' });
  return (
    <div className="stack">
      <Empty
        icon={ChartColumn}
        title={t('Usage is not stored yet')}
        text={
          gateway.mode === 'demo'
            ? t('The demo does not keep usage.')
            : t(
                'A gateway with a configuration file stores usage once a limit has a period of a day or longer.',
              )
        }
      />
      {gateway.mode === 'file' && (
        <div className="stack tight">
          <p className="muted small">{example}</p>
          <CodeBlock label={example} text={LIMIT} />
        </div>
      )}
    </div>
  );
}
