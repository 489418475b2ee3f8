import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX, Import } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import { listModels } from '../../api/queries.ts';
import { useAct } from '../../ui/use-act.ts';
import { useMay } from '../../session/session.ts';
import { failureText } from '../../lib/failure-text.ts';
import { count, duration } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import { say, sayFailed } from '../../ui/toast.tsx';
import type { ProviderTest } from './use-test-provider.ts';

/** The result of a test, and the provider's models to take over. */
export function TestResult({ test, provider }: { test: ProviderTest; provider: string }): ReactNode {
  return (
    <div className="stack">
      <TestLines test={test} />
      {test.models.length > 0 && <ImportModels provider={provider} models={test.models} />}
    </div>
  );
}

/** Whether a test succeeded, and how long it took. */
export function TestLines({ test }: { test: ProviderTest }): ReactNode {
  const { t } = useTranslation();
  const { completion } = test;
  return (
    <>
      <Line isOk={test.ok} ms={test.latency_ms}>
        {test.ok
          ? t('{{text}} models listed', { count: test.models_total ?? 0, text: count(test.models_total) })
          : failureText(test.error ?? t('It failed.'), t)}
      </Line>
      {completion && (
        <Line isOk={completion.ok} ms={completion.latency_ms}>
          {completion.ok
            ? t('{{model}} answered', { model: completion.model })
            : failureText(completion.error ?? t('It failed.'), t)}
        </Line>
      )}
    </>
  );
}

function Line({ isOk, ms, children }: { isOk: boolean; ms: number; children: ReactNode }): ReactNode {
  const Icon = isOk ? CircleCheck : CircleX;
  return (
    <p className="row tight" role="status">
      <Icon aria-hidden className={isOk ? 'is-green' : 'is-red'} />
      <span className="grow">{children}</span>
      <span className="muted num">{duration(ms)}</span>
    </p>
  );
}

/** Makes models of this gateway out of those that the provider lists. */
function ImportModels({ provider, models }: { provider: string; models: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  const { edit } = useMay();
  const known = useQuery(listModels());
  const refresh = useAct({ refresh: ['models', 'routes'], isQuiet: true });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [search, setSearch] = useState('');
  const [isBusy, setBusy] = useState(false);
  const there = new Set(known.data?.models.map(({ id }) => id));
  const shown = models.filter((name) => name.toLowerCase().includes(search.toLowerCase())).slice(0, 200);
  const take = async (): Promise<void> => {
    setBusy(true);
    try {
      const names = [...chosen];
      const last = names.pop();
      for (const id of names) await admin('/models', { method: 'POST', body: modelOf(id, provider) });
      // The last one has the lists loaded again.
      if (last !== undefined) await refresh.mutateAsync({ path: '/models', body: modelOf(last, provider) });
      say(t('{{count}} models added', { count: chosen.size }));
      setChosen(new Set());
    } catch (error) {
      sayFailed(t('The action failed'), (error as Error).message);
    }
    setBusy(false);
  };
  const toggle = (name: string, isChosen: boolean): void => {
    const next = new Set(chosen);
    if (isChosen) next.add(name);
    else next.delete(name);
    setChosen(next);
  };
  return (
    <div className="stack tight">
      <div className="row">
        <SearchBox label={t('Models of the provider')} value={search} onValue={setSearch} />
        {edit && (
          <Button
            className="push"
            icon={Import}
            busy={isBusy}
            disabled={chosen.size === 0}
            onClick={() => void take()}
          >
            {t('Add {{count}} as models', { count: chosen.size })}
          </Button>
        )}
      </div>
      <ul className="check-list">
        {shown.map((name) => (
          <li key={name}>
            <label className="switch-row">
              <input
                type="checkbox"
                className="checkbox"
                disabled={there.has(name) || !edit}
                checked={chosen.has(name) || there.has(name)}
                onChange={({ target }) => toggle(name, target.checked)}
              />
              <span className="truncate mono">{name}</span>
              {there.has(name) && <span className="muted small">{t('already added')}</span>}
            </label>
          </li>
        ))}
      </ul>
    </div>
  );
}

function modelOf(id: string, provider: string): object {
  return { id, routes: [{ provider, model: id }] };
}
