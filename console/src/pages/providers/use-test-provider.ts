import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import { duration } from '../../lib/format.ts';
import { say, sayFailed } from '../../ui/toast.tsx';

export interface ProviderTest {
  readonly ok: boolean;
  readonly latency_ms: number;
  readonly error: string | null;
  readonly models: readonly string[];
  readonly models_total: number;
  readonly completion: {
    readonly ok: boolean;
    readonly latency_ms: number;
    readonly error: string | null;
    readonly model: string;
  } | null;
}

/** Asks a provider for its models, and with `completion` for one token of a model. */
export function testProvider(
  id: string,
  body: { completion: boolean; model?: string },
): Promise<ProviderTest> {
  return admin<ProviderTest>(`/providers/${encodeURIComponent(id)}/test`, { method: 'POST', body });
}

/** Asks a provider for its models as a form describes it. Nothing is saved. */
export function testDraft(id: string, fields: Readonly<Record<string, unknown>>): Promise<ProviderTest> {
  return admin<ProviderTest>('/providers/test', { method: 'POST', body: { id, fields } });
}

/** Asks a model of a provider for one token, and says in the corner what became of it. */
export function useTestProvider(): (provider: string, model: string | undefined) => void {
  const { t } = useTranslation();
  return (provider, model) => {
    const run = async (): Promise<void> => {
      try {
        const test = await testProvider(provider, {
          completion: true,
          ...(model !== undefined && { model }),
        });
        const { ok, error, latency_ms: ms } = test.completion ?? test;
        if (ok) say(t('{{name}} answers', { name: provider }), t('after {{text}}', { text: duration(ms) }));
        else sayFailed(t('{{name}} does not answer', { name: provider }), error ?? '');
      } catch (error) {
        sayFailed(t('{{name}} could not be tested', { name: provider }), (error as Error).message);
      }
    };
    void run();
  };
}
