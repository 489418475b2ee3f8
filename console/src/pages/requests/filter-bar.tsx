import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { ListFilter, Repeat2 } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listKeys, listModels, listProviders } from '../../api/queries.ts';
import { count, dateTime } from '../../lib/format.ts';
import { RANGES } from '../../lib/ranges.ts';
import type { Params } from '../../lib/params.ts';
import { classes } from '../../ui/button.tsx';
import { Pick } from '../../ui/pick.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import { Select } from '../../ui/select.tsx';
import { useTeamNames } from '../keys/use-owners.ts';
import { FILTERS } from './filters.ts';

interface FilterBarProps {
  readonly params: Params;
  readonly onChange: (change: Params) => void;
}

const ANY = 'any';

/** Every filter of the requests. */
export function FilterBar({ params, onChange }: FilterBarProps): ReactNode {
  const { t } = useTranslation();
  const models = useQuery(listModels());
  const providers = useQuery(listProviders());
  const keys = useQuery(listKeys(''));
  const teams = useTeamNames() ?? [];
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const set = FILTERS.filter((name) => name !== 'search' && params[name] !== undefined).length;
  const names = (
    all: readonly { readonly id: string }[] | undefined,
    chosen: string | undefined,
  ): string[] => [
    ...new Set([...(chosen === undefined ? [] : [chosen]), ...(all ?? []).map(({ id }) => id)]),
  ];
  const pick = (name: string, label: string, none: string, values: readonly string[]): ReactNode => (
    <Pick
      auto
      label={label}
      none={none}
      value={params[name] ?? ''}
      values={values}
      isSet={params[name] !== undefined}
      onChange={(value) => onChange({ [name]: value })}
    />
  );
  return (
    <div className="filters" role="search">
      <Searching value={params['search'] ?? ''} onChange={(search) => onChange({ search })} />
      <button
        type="button"
        className={classes('select is-auto filters-toggle', set > 0 && 'is-set')}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <ListFilter aria-hidden />
        {set > 0 ? t('Filters: {{text}}', { text: count(set) }) : t('Filters')}
      </button>
      <div id={id} className={classes('filters-more', isOpen && 'is-open')}>
        <TimeFilter params={params} onChange={onChange} />
        {pick('model', t('Model'), t('Model'), names(models.data?.models, params['model']))}
        {pick('provider', t('Provider'), t('Provider'), names(providers.data?.providers, params['provider']))}
        {pick('key', t('Key'), t('Key'), names(keys.data?.master_keys, params['key']))}
        {(teams.length > 0 || params['team'] !== undefined) && pick('team', t('Team'), t('Team'), teams)}
        <Choices params={params} onChange={onChange} />
      </div>
    </div>
  );
}

/** Waits until the typing pauses. */
function Searching({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), 300);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return <SearchBox label={t('Request id, model, key, provider')} value={text} onValue={setText} />;
}

function TimeFilter({ params, onChange }: FilterBarProps): ReactNode {
  const { t } = useTranslation();
  const { since, until, range } = params;
  const isMarked = since !== undefined || until !== undefined;
  const marked = `${since === undefined ? '…' : dateTime(since)} – ${until === undefined ? t('now') : dateTime(until)}`;
  return (
    <Select
      auto
      label={t('Time range')}
      value={isMarked ? 'marked' : (range ?? ANY)}
      isSet={isMarked || range !== undefined}
      options={[
        { value: ANY, label: t('All time') },
        ...RANGES.map(({ id, label }) => ({ value: id, label: t('Last {{text}}', { text: label }) })),
        ...(isMarked ? [{ value: 'marked', label: marked }] : []),
      ]}
      onChange={(id) => {
        if (id !== 'marked') onChange({ since: '', until: '', range: id === ANY ? '' : id });
      }}
    />
  );
}

function Choices({ params, onChange }: FilterBarProps): ReactNode {
  const { t } = useTranslation();
  const hasFallback = params['has_fallback'] !== undefined;
  const shared = { params, onChange };
  return (
    <>
      <Choice {...shared} name="ending" label={t('Result')} options={endings(t)} />
      <Choice {...shared} name="status" label={t('Status')} options={STATUSES} />
      <Choice {...shared} name="min_duration_ms" label={t('Duration')} options={DURATIONS} />
      <Choice {...shared} name="min_cost" label={t('Cost')} options={COSTS} />
      <button
        type="button"
        className={classes('select is-auto', hasFallback && 'is-set')}
        aria-pressed={hasFallback}
        onClick={() => onChange({ has_fallback: hasFallback ? '' : 'true' })}
      >
        <Repeat2 aria-hidden />
        {t('With fallback')}
      </button>
    </>
  );
}

type Options = readonly (readonly [value: string, text: string])[];

const STATUSES: Options = ['200', '4xx', '429', '5xx'].map((status) => [status, status]);
const DURATIONS: Options = [
  ['1000', '> 1 s'],
  ['5000', '> 5 s'],
  ['30000', '> 30 s'],
];
const COSTS: Options = [
  ['0.01', '> $0.01'],
  ['0.1', '> $0.10'],
  ['1', '> $1'],
];

function endings(t: TFunction): Options {
  return [
    ['complete', t('Complete')],
    ['failed,refused,truncated,lost', t('Any failure')],
    ['failed', t('Failed')],
    ['refused', t('Refused')],
    ['truncated', t('Truncated')],
    ['lost', t('Lost')],
    ['client-left', t('Client left')],
  ];
}

interface ChoiceProps extends FilterBarProps {
  readonly name: string;
  readonly label: string;
  readonly options: Options;
}

function Choice({ params, onChange, name, label, options }: ChoiceProps): ReactNode {
  const value = params[name] ?? ANY;
  const isKnown = value === ANY || options.some(([id]) => id === value);
  return (
    <Select
      auto
      label={label}
      value={value}
      isSet={value !== ANY}
      options={[
        { value: ANY, label },
        ...options.map(([id, text]) => ({ value: id, label: text })),
        ...(isKnown ? [] : [{ value, label: value }]),
      ]}
      onChange={(id) => onChange({ [name]: id === ANY ? '' : id })}
    />
  );
}
