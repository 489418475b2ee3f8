import {
  ArrowRight,
  DatabaseZap,
  Ellipsis,
  MessagesSquare,
  Pencil,
  Route as RouteIcon,
  ScrollText,
  Trash2,
} from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { Model } from '../../api/resources.ts';
import type { Route } from '../../api/types.ts';
import { useAct } from '../../ui/use-act.ts';
import { useMay } from '../../session/session.ts';
import { classes, IconButton } from '../../ui/button.tsx';
import { DeleteDialog } from '../../ui/dialog.tsx';
import { Menu } from '../../ui/menu.tsx';
import { ProblemNotice } from '../../ui/states.tsx';
import { RouteChip } from './route-chip.tsx';
import { tiersOf } from './tiers.ts';

interface ModelRowProps {
  readonly model: Model;
  readonly routes: readonly Route[];
  readonly isSelected: boolean;
  readonly onEdit: () => void;
}

/** A model: its tiers from left to right, then its fallback models. */
export function ModelRow({ model, routes, isSelected, onEdit }: ModelRowProps): ReactNode {
  const { t } = useTranslation();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isSelected) element.current?.scrollIntoView({ block: 'center' });
  }, [isSelected]);
  const tiers = tiersOf(model, routes);
  return (
    <section ref={element} className={classes('model', isSelected && 'is-selected')} aria-label={model.id}>
      <header className="row">
        <h2 className="truncate" title={model.id}>
          {model.id}
        </h2>
        {!model.is_enabled && <span className="badge is-idle">{t('Disabled')}</span>}
        <ModelActions model={model} onEdit={onEdit} />
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <div
        className="tier-line"
        tabIndex={0}
        role="group"
        aria-label={t('Routes of {{name}}', { name: model.id })}
      >
        {tiers.map(({ priority, routes: ofTier }, at) => (
          <div key={priority} className="tier">
            <span className="tier-title">
              {at === 0 ? t('First') : t('Then')}
              <span className="muted"> · {t('priority {{priority}}', { priority })}</span>
            </span>
            <span className="tier-chips">
              {ofTier.map((route, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- a route may be there twice
                <RouteChip key={index} model={model.id} route={route} />
              ))}
            </span>
          </div>
        ))}
        {model.fallbacks.map((name) => (
          <div key={name} className="tier is-fallback">
            <span className="tier-title">{t('If all fail')}</span>
            <a className="chip-link" href={`?id=${encodeURIComponent(name)}`} onClick={stayOnPage}>
              <ArrowRight aria-hidden />
              <span className="truncate">{name}</span>
            </a>
          </div>
        ))}
      </div>
    </section>
  );
}

/** Goes to another model without loading the page again. */
function stayOnPage(event: { preventDefault: () => void; currentTarget: HTMLAnchorElement }): void {
  event.preventDefault();
  history.pushState(undefined, '', `${location.pathname}${event.currentTarget.search}`);
}

/** Whether the response cache is configured for a model. */
function isCached({ cache }: Model): boolean {
  return cache !== undefined && cache !== null && cache !== false;
}

function ModelActions({ model, onEdit }: { model: Model; onEdit: () => void }): ReactNode {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const { act, edit } = useMay();
  const [isDeleting, setDeleting] = useState(false);
  const id = encodeURIComponent(model.id);
  const remove = useAct({ refresh: ['models', 'routes'], isQuiet: true });
  const forget = useAct({ refresh: [] });
  const entries = [
    ...(act ? [{ label: t('Edit'), icon: Pencil, onSelect: onEdit }] : []),
    { label: t('Explain'), icon: RouteIcon, onSelect: () => navigate(`/explain?model=${id}`) },
    { label: t('Requests'), icon: ScrollText, onSelect: () => navigate(`/requests?model=${id}`) },
    ...(act
      ? [
          { label: t('Try it'), icon: MessagesSquare, onSelect: () => navigate(`/playground?model=${id}`) },
          ...(isCached(model)
            ? [
                {
                  label: t('Delete cached answers'),
                  icon: DatabaseZap,
                  onSelect: () =>
                    forget.mutate({
                      method: 'DELETE',
                      path: `/cache?model=${id}`,
                      done: t('The cached answers of {{name}} are deleted', { name: model.id }),
                    }),
                },
              ]
            : []),
        ]
      : []),
    ...(edit
      ? [
          {
            label: t('Delete'),
            icon: Trash2,
            danger: true,
            isFirstOfGroup: true,
            onSelect: () => setDeleting(true),
          },
        ]
      : []),
  ];
  return (
    <span className="row tight nowrap push">
      {act && <IconButton small label={t('Edit')} icon={Pencil} onClick={onEdit} />}
      <Menu
        trigger={<IconButton small label={t('Actions for {{name}}', { name: model.id })} icon={Ellipsis} />}
        entries={entries}
      />
      <DeleteDialog
        open={isDeleting}
        onClose={() => setDeleting(false)}
        name={model.id}
        title={t('Delete the model?')}
        consequence={t('Requests for it will get 404. A rollback to an earlier revision restores it.')}
        busy={remove.isPending}
        problem={<ProblemNotice error={remove.error} />}
        onDelete={() =>
          remove.mutate(
            { method: 'DELETE', path: `/models/${id}`, done: t('{{name}} is deleted', { name: model.id }) },
            { onSuccess: () => setDeleting(false) },
          )
        }
      />
    </span>
  );
}
