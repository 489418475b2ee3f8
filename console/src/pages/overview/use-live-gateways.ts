import { useQuery } from '@tanstack/react-query';
import { listNodes } from '../../api/queries.ts';
import { useSession } from '../../session/session.ts';

/** Counts the running gateways on this gateway's database, itself included; undefined until the count is known. */
export function useLiveGateways(): number | undefined {
  const { gateway } = useSession();
  const isShared = gateway.mode === 'database';
  const { data, error } = useQuery({ ...listNodes(), enabled: isShared });
  if (!isShared || error) return 1;
  return data && Math.max(1, data.nodes.filter(({ state }) => state !== 'gone').length);
}
