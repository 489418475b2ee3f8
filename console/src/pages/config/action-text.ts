import type { TFunction } from 'i18next';

/** Translates the action of a revision, such as `create master_keys/alice`. Unknown actions stay as they are. */
export function actionText(action: string, t: TFunction): string {
  const version = /^rollback to version (\d+)$/.exec(action)?.[1];
  if (version !== undefined) return t('Roll back to version {{version}}', { version });
  if (action === 'import the configuration') return t('Configuration imported');
  if (action === 'import the demo') return t('Demo imported');
  const count = /^create (\d+) master_keys$/.exec(action)?.[1];
  if (count !== undefined) return t('{{count}} keys created', { count: Number(count) });
  const [, verb = '', kind = '', name = ''] = /^(create|update|delete) (\w+)\/(.+)$/s.exec(action) ?? [];
  const verbs: Readonly<Record<string, string>> = {
    create: t('created'),
    update: t('changed'),
    delete: t('deleted'),
  };
  const kinds: Readonly<Record<string, string>> = {
    providers: t('Provider'),
    models: t('Model'),
    master_keys: t('Key'),
    teams: t('Team'),
    users: t('User'),
    settings: t('Setting'),
  };
  const done = verbs[verb];
  const what = kinds[kind];
  return done === undefined || what === undefined
    ? action
    : t('{{what}} {{name}} {{done}}', { what, name, done });
}
