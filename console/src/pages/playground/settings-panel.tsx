import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '../../ui/card.tsx';
import { Field, Input, TextArea } from '../../ui/field.tsx';
import { Switch } from '../../ui/toggle.tsx';
import type { Settings } from './conversation.ts';

const TOOL = `[{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]`;

interface SettingsPanelProps {
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

/** The panel for the settings that are sent with every question. */
export function SettingsPanel({ settings, onChange }: SettingsPanelProps): ReactNode {
  const { t } = useTranslation();
  const set = (part: Partial<Settings>): void => onChange({ ...settings, ...part });
  return (
    <Card>
      <div className="stack settings-panel">
        <Field label={t('System prompt')}>
          <TextArea rows={2} value={settings.system} onValue={(system) => set({ system })} />
        </Field>
        <div className="fields">
          <Field label={t('Temperature')}>
            <Input
              type="number"
              min={0}
              max={2}
              step={0.1}
              placeholder={t("the model's own")}
              value={settings.temperature}
              onValue={(temperature) => set({ temperature })}
            />
          </Field>
          <Field label={t('Most tokens')}>
            <Input
              type="number"
              min={1}
              placeholder={t("the model's own")}
              value={settings.maxTokens}
              onValue={(maxTokens) => set({ maxTokens })}
            />
          </Field>
          <Switch
            label={t('Stream')}
            isOn={settings.isStreamed}
            onChange={(isStreamed) => set({ isStreamed })}
          />
        </div>
        <Field label={t('Tools')} hint="JSON">
          <TextArea
            mono
            rows={3}
            placeholder={TOOL}
            value={settings.tools}
            onValue={(tools) => set({ tools })}
          />
        </Field>
      </div>
    </Card>
  );
}
