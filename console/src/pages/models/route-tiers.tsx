import { GripVertical, Trash2 } from 'lucide-react';
import { type DragEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelRoute } from '../../api/resources.ts';
import { classes, IconButton } from '../../ui/button.tsx';
import { Input } from '../../ui/field.tsx';
import { Pick } from '../../ui/pick.tsx';
import { providerOf } from './tiers.ts';

interface RouteTiersProps {
  readonly routes: readonly ModelRoute[];
  readonly providers: readonly string[];
  readonly modelName: string;
  readonly onChange: (routes: readonly ModelRoute[]) => void;
}

/** The routes of a model by priority; each may be dragged to another one. */
export function RouteTiers({ routes, providers, modelName, onChange }: RouteTiersProps): ReactNode {
  const { t } = useTranslation();
  const [dragged, setDragged] = useState<number>();
  const [over, setOver] = useState<number>();
  const priorities = [...new Set(routes.map(({ priority }) => priority ?? 1))].toSorted((a, b) => a - b);
  const change = (at: number, part: Partial<ModelRoute>): void =>
    onChange(routes.map((route, index) => (index === at ? { ...route, ...part } : route)));
  const dropping = (priority: number): object => ({
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(priority);
    },
    onDrop: () => {
      if (dragged !== undefined) change(dragged, { priority });
      setDragged(undefined);
      setOver(undefined);
    },
  });
  return (
    <div className="stack tight">
      <div className="route-edit is-captions" aria-hidden>
        <span className="route-grip" />
        <span>{t('Provider')}</span>
        <span>{t("The provider's name for the model")}</span>
        <span>{t('Priority')}</span>
        <span>{t('Weight')}</span>
        <span className="route-grip" />
      </div>
      {priorities.map((priority) => (
        <div
          key={priority}
          className={classes('tier-edit', over === priority && dragged !== undefined && 'is-over')}
          {...dropping(priority)}
        >
          <span className="tier-title">{t('Priority {{priority}}', { priority })}</span>
          {routes.map((route, at) =>
            (route.priority ?? 1) === priority ? (
              <RouteEdit
                // oxlint-disable-next-line react/no-array-index-key -- a route has no other identity
                key={at}
                {...{ route, providers, modelName }}
                onChange={(part) => change(at, part)}
                onRemove={() => onChange(routes.filter((_, index) => index !== at))}
                onDrag={(isDragged) => setDragged(isDragged ? at : undefined)}
              />
            ) : null,
          )}
        </div>
      ))}
    </div>
  );
}

interface RouteEditProps {
  readonly route: ModelRoute;
  readonly providers: readonly string[];
  readonly modelName: string;
  readonly onChange: (part: Partial<ModelRoute>) => void;
  readonly onRemove: () => void;
  readonly onDrag: (isDragged: boolean) => void;
}

function RouteEdit({ route, providers, modelName, onChange, onRemove, onDrag }: RouteEditProps): ReactNode {
  const { t } = useTranslation();
  const number = (field: 'priority' | 'weight', label: string): ReactNode => (
    <Input
      type="number"
      min={0}
      step={field === 'weight' ? 'any' : 1}
      aria-label={label}
      title={label}
      placeholder="1"
      value={route[field] === undefined ? '' : String(route[field])}
      onValue={(text) => onChange({ [field]: text === '' ? undefined : Number(text) })}
    />
  );
  return (
    <div
      className="route-edit"
      draggable
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move';
        onDrag(true);
      }}
      onDragEnd={() => onDrag(false)}
    >
      <GripVertical aria-hidden className="muted" />
      <Pick
        label={t('Provider')}
        value={providerOf(route)}
        values={providers}
        onChange={(provider) => onChange({ provider, backend: undefined })}
      />
      <Input
        aria-label={t("The provider's name for the model")}
        placeholder={modelName === '' ? t("The provider's name for the model") : modelName}
        mono
        value={route.model ?? ''}
        onValue={(text) => onChange({ model: text === '' ? undefined : text } as Partial<ModelRoute>)}
      />
      {/* On a phone there is no line of captions above. */}
      <span className="route-caption">{t('Priority')}</span>
      <span className="route-caption">{t('Weight')}</span>
      {number('priority', t('Priority'))}
      {number('weight', t('Weight'))}
      <IconButton small label={t('Remove the route')} icon={Trash2} onClick={onRemove} />
    </div>
  );
}
