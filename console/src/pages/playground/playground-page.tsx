import { useQuery } from '@tanstack/react-query';
import { Eraser, MessagesSquare, Plus, SlidersHorizontal } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { readOffer } from '../../api/queries.ts';
import { useMay, useSession } from '../../session/session.ts';
import { useParams } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { Page } from '../../ui/page.tsx';
import { Pick } from '../../ui/pick.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { Column } from './column.tsx';
import { Composer } from './composer.tsx';
import { DEFAULTS, type Settings } from './conversation.ts';
import { SettingsPanel } from './settings-panel.tsx';
import { useConversation } from './use-conversation.ts';

const MOST_MODELS = 4;

/** A conversation with up to four models side by side. */
export function PlaygroundPage(): ReactNode {
  const { t } = useTranslation();
  const { session } = useSession();
  const { edit } = useMay();
  const [params, setParams] = useParams();
  const as = params['as'] ?? '';
  const offer = useQuery(readOffer(session.role === 'key' ? undefined : as));
  const [settings, setSettings] = useState<Settings>(DEFAULTS);
  const [hasSettings, setHasSettings] = useState(false);
  if (offer.error) {
    return (
      <Page title={t('Playground')}>
        <Failed error={offer.error} onRetry={() => void offer.refetch()} />
      </Page>
    );
  }
  if (!offer.data) return <SkeletonLines />;
  const { models: all, keys } = offer.data;
  const asked = params['model']?.split(',').filter((name) => name !== '') ?? [];
  const models = asked.length > 0 ? asked.slice(0, MOST_MODELS) : all.slice(0, 1);
  const setModels = (names: readonly string[]): void => setParams({ model: names.join(',') });
  const key = as === '' ? (keys[0] ?? '') : as;
  const actions = (
    <>
      {keys.length > 1 && (
        <Pick
          auto
          label={t('As which key')}
          prefix={t('Key')}
          value={key}
          values={keys}
          onChange={(name) => setParams({ as: name })}
        />
      )}
      <Button
        icon={SlidersHorizontal}
        aria-expanded={hasSettings}
        onClick={() => setHasSettings(!hasSettings)}
      >
        {t('Parameters')}
      </Button>
    </>
  );
  return (
    <Page title={t('Playground')} actions={actions}>
      {hasSettings && <SettingsPanel settings={settings} onChange={setSettings} />}
      {all.length === 0 ? (
        <Empty icon={MessagesSquare} title={t('There is no model yet')}>
          {edit && <Link href="/models?new=1">{t('New model')}</Link>}
        </Empty>
      ) : (
        <Conversation {...{ models, all, settings, setModels }} as={session.role === 'key' ? '' : key} />
      )}
    </Page>
  );
}

interface ConversationProps {
  readonly models: readonly string[];
  readonly all: readonly string[];
  readonly settings: Settings;
  readonly as: string;
  readonly setModels: (models: readonly string[]) => void;
}

function Conversation({ models, all, settings, as, setModels }: ConversationProps): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const { turns, isBusy, start, stop, clear } = useConversation({ models, settings, as });
  return (
    <div className="playground">
      <div className="columns" data-count={models.length}>
        {models.map((model, at) => (
          <Column
            key={model}
            model={model}
            models={all.filter((name) => name === model || !models.includes(name))}
            turns={turns}
            settings={settings}
            {...(at === 0 && { onAsk: (text: string) => void start({ text, images: [] }) })}
            onModel={(name) => setModels(models.map((one, index) => (index === at ? name : one)))}
            {...(models.length > 1 && { onRemove: () => setModels(models.filter((one) => one !== model)) })}
          />
        ))}
      </div>
      <div className="composer-line">
        <Composer isBusy={isBusy} onSend={start} onStop={stop} />
        <div className="row">
          {models.length < MOST_MODELS && models.length < all.length && (
            <Button
              small
              look="quiet"
              icon={Plus}
              onClick={() => setModels([...models, all.find((name) => !models.includes(name)) ?? ''])}
            >
              {t('Compare with another model')}
            </Button>
          )}
          {turns.length > 0 && (
            <Button small look="quiet" icon={Eraser} onClick={clear}>
              {t('Start over')}
            </Button>
          )}
          <span className="muted small push">
            {gateway.mode === 'demo'
              ? t('The simulated providers answer with random words.')
              : t('Requests here are counted and limited like any other.')}
          </span>
        </div>
      </div>
    </div>
  );
}
