import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { admin } from '../api/client.ts';
import { tellOtherTabs } from '../api/other-tabs.ts';
import { Problem } from '../api/problem.ts';
import { Button } from '../ui/button.tsx';
import { Field, Input } from '../ui/field.tsx';
import { Notice, useProblemText } from '../ui/states.tsx';
import { SESSION } from '../session/sign-out.ts';
import { Logo } from './logo.tsx';

/** Asks for a key, which becomes a session's cookie and is then forgotten. `ended`: whose session has just ended. */
export function LoginPage({ ended }: { ended?: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const problemText = useProblemText();
  const signIn = useMutation({
    mutationFn: () => admin('/sessions', { method: 'POST', body: { key } }),
    onSuccess: () => {
      tellOtherTabs('signed-in');
      return queries.invalidateQueries({ queryKey: SESSION });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate();
  };
  const problem = signIn.error ? loginProblem(signIn.error, problemText, t) : undefined;
  return (
    <main className="login">
      <form ref={form} className="login-card stack" onSubmit={submit}>
        <Logo />
        <div>
          <h1>{t('Sign in to llm-proxy')}</h1>
          <p className="muted">
            {t('With the ADMIN_KEY, the secret of an account, or an API key to see your own use.')}
          </p>
        </div>
        {ended !== undefined && (
          <Notice look="note">
            <span>
              {t('The session of {{name}} has ended. After the same sign-in, the page is as it was.', {
                name: ended,
              })}
            </span>
          </Notice>
        )}
        <Field label={t('Key')} problem={problem}>
          <Input type="password" autoComplete="current-password" value={key} onValue={setKey} required mono />
        </Field>
        <Button look="primary" type="submit" disabled={key === ''} busy={signIn.isPending}>
          {t('Sign in')}
        </Button>
      </form>
    </main>
  );
}

function loginProblem(error: unknown, problemText: (error: unknown) => string, t: TFunction): string {
  if (error instanceof Problem && error.status === 401) return t('The gateway does not know this key.');
  if (error instanceof Problem && error.status === 429)
    return t('Too many wrong keys. Try again in {{seconds}} s.', { seconds: error.retryAfterSeconds ?? 8 });
  return problemText(error);
}
