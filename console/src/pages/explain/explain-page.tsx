import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { BookOpenCheck } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { admin } from '../../api/client.ts';
import { useMay, useSession } from '../../session/session.ts';
import { listKeys, listModels, listProviders } from '../../api/queries.ts';
import type { Explanation, SupposedChange } from '../../api/resources.ts';
import type { Params } from '../../lib/params.ts';
import { useParams } from '../../lib/url-state.ts';
import { Field, TextArea } from '../../ui/field.tsx';
import { NameList } from '../../ui/name-list.tsx';
import { Page } from '../../ui/page.tsx';
import { Pick } from '../../ui/pick.tsx';
import { Empty, ProblemNotice, SkeletonLines } from '../../ui/states.tsx';
import { Card } from '../../ui/card.tsx';
import { Plan } from './plan.tsx';
import { SupposedChangeForm } from './supposed-change.tsx';

/** The page that explains the route of a request now, and its route after a supposed change. */
export function ExplainPage(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useParams();
  const { gateway } = useSession();
  const { edit } = useMay();
  const [request, setRequest] = useState('');
  const [change, setChange] = useState<SupposedChange>();
  const providers = useQuery(listProviders());
  const body = bodyOf(request);
  const without = params['without']?.split(',') ?? [];
  const models = useQuery(listModels());
  const named = params['model'] ?? (body.value?.['model'] as string | undefined);
  const model = named ?? models.data?.models[0]?.id ?? '';
  const question = {
    model,
    ...(params['key'] && { key: params['key'] }),
    ...(without.length > 0 && { without_providers: without }),
    ...(body.value && { request: body.value }),
    ...(change && { change }),
  };
  const explained = useQuery({
    queryKey: ['explain', question],
    queryFn: ({ signal }) => admin<Explanation>('/explain', { method: 'POST', body: question, signal }),
    enabled: model !== '',
    // Shares and cooldowns change all the time.
    refetchInterval: 5000,
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <Page title={t('Explain')} about={t('Which routes a request would try now, in which order, and why.')}>
      <div className="explain">
        <div className="stack">
          <Question
            {...{ model, params, setParams, request, setRequest }}
            hasProblem={body.problem ?? false}
          />
          <Card title={t('Suppose')}>
            <div className="stack">
              <NameList
                label={t('These providers are down')}
                none={t('none')}
                chosen={without}
                values={providers.data?.providers.map(({ id }) => id) ?? []}
                onChange={(names) => setParams({ without: names.join(',') })}
              />
              {gateway.mode !== 'file' && <SupposedChangeForm onChange={setChange} />}
            </div>
          </Card>
        </div>
        <div className="stack">
          {models.data?.models.length === 0 && model === '' ? (
            <Empty icon={BookOpenCheck} title={t('There is no model yet')}>
              {edit && <Link href="/models?new=1">{t('New model')}</Link>}
            </Empty>
          ) : explained.data ? (
            <Plan explanation={explained.data} />
          ) : explained.error ? (
            <ProblemNotice error={explained.error} />
          ) : (
            <SkeletonLines />
          )}
        </div>
      </div>
    </Page>
  );
}

interface QuestionProps {
  readonly model: string;
  readonly params: Params;
  readonly setParams: (change: Params) => void;
  readonly request: string;
  readonly setRequest: (text: string) => void;
  readonly hasProblem: boolean;
}

function Question({ model, params, setParams, request, setRequest, hasProblem }: QuestionProps): ReactNode {
  const { t } = useTranslation();
  const models = useQuery(listModels());
  const keys = useQuery(listKeys(''));
  return (
    <Card title={t('The request')}>
      <div className="stack">
        <Field label={t('Model')}>
          <Pick
            label={t('Model')}
            value={model}
            values={models.data?.models.map(({ id }) => id) ?? []}
            onChange={(name) => setParams({ model: name })}
          />
        </Field>
        <Field label={t('Key')} note={t('Checks whether the key may use the model and has limits left.')}>
          <Pick
            label={t('Key')}
            none={t('Any key')}
            value={params['key'] ?? ''}
            values={keys.data?.master_keys.map(({ id, name }) => name ?? id) ?? []}
            onChange={(key) => setParams({ key })}
          />
        </Field>
        <Field
          label={t('Body')}
          hint={t('optional')}
          note={t('Routes that cannot handle its tools or images are left out.')}
          problem={hasProblem ? t('This is not JSON.') : undefined}
        >
          <TextArea
            mono
            rows={6}
            value={request}
            onValue={setRequest}
            placeholder='{"model": "…", "messages": […]}'
          />
        </Field>
      </div>
    </Card>
  );
}

function bodyOf(text: string): {
  readonly value?: Readonly<Record<string, unknown>>;
  readonly problem?: true;
} {
  if (text.trim() === '') return {};
  try {
    return { value: JSON.parse(text) as Readonly<Record<string, unknown>> };
  } catch {
    return { problem: true };
  }
}
