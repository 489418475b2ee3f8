import { createInstance } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { english } from './english.ts';
import { type Language, language, storeLanguage } from '../lib/language.ts';

const texts = createInstance();

/**
 * Texts are looked up by their English wording, so that the code reads as the page does. Only plurals have an entry in
 * English.
 */
export async function setUpTexts(): Promise<void> {
  await texts.use(initReactI18next).init({
    lng: language(),
    fallbackLng: 'en',
    keySeparator: false,
    nsSeparator: false,
    // React escapes already.
    interpolation: { escapeValue: false },
    returnEmptyString: false,
    resources: { en: { translation: english } },
  });
  await load(language());
}

/** Shows the console in another language. */
export async function changeLanguage(to: Language): Promise<void> {
  storeLanguage(to);
  await load(to);
}

async function load(to: Language): Promise<void> {
  if (to === 'zh' && !texts.hasResourceBundle('zh', 'translation')) {
    const { chinese } = await import('./chinese.ts');
    texts.addResourceBundle('zh', 'translation', chinese);
  }
  await texts.changeLanguage(to);
  document.documentElement.lang = to === 'zh' ? 'zh-CN' : 'en';
}
