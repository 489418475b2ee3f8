import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Option } from '../../ui/select.tsx';
import { useKeys } from '../keys/use-keys.ts';
import { useTeams } from '../keys/use-owners.ts';

/** The groupings of use, with every tag that a key or team has. */
export function useGroupings(): readonly Option[] {
  const { t } = useTranslation();
  const { keys } = useKeys();
  const teams = useTeams();
  return useMemo(() => {
    const owners = [...(keys ?? []), ...(teams.data?.teams ?? [])];
    const tags = new Set(
      owners.flatMap((owner) => [
        ...Object.keys((owner['tags'] as object | undefined) ?? {}),
        ...((owner['client_tags'] as string[] | undefined) ?? []),
      ]),
    );
    return [
      { value: 'model', label: t('By model') },
      { value: 'provider', label: t('By provider') },
      { value: 'key', label: t('By key') },
      { value: 'team', label: t('By team') },
      { value: 'user', label: t('By user') },
      ...[...tags].toSorted().map((tag) => ({ value: `tag:${tag}`, label: t('By tag {{tag}}', { tag }) })),
    ];
  }, [keys, teams.data, t]);
}
