import type { TFunction } from 'i18next';

/** The last failure of a provider, such as `status 529`, in the language of the page. Other texts stay as they are. */
export function failureText(text: string, t: TFunction): string {
  const status = /^status (\d+)$/.exec(text)?.[1];
  return status === undefined ? text : t('status {{status}}', { status });
}
