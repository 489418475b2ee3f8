import type { Settings } from '../read/settings.ts';
import type { Provider, Snapshot, TranslationSettings } from '../snapshot.ts';

/** Looks up how requests for a model are translated for a provider: the model's word first, then the provider's. */
export function compileTranslation(settings: Settings): Snapshot['translation'] {
  const byProvider = new Map<string, TranslationSettings>();
  for (const { name, translation } of settings.providers)
    if (Object.keys(translation).length > 0)
      byProvider.set(name, { ...settings.translation, ...translation });
  const byModel = new Map<string, Partial<TranslationSettings>>();
  for (const { name, translation } of settings.models)
    if (Object.keys(translation).length > 0) byModel.set(name, translation);
  return (model: string, provider: Provider) => {
    const general = byProvider.get(provider.name) ?? settings.translation;
    const own = byModel.get(model);
    return own === undefined ? general : { ...general, ...own };
  };
}
