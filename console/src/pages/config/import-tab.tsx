import { FileUp } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Field, TextArea } from '../../ui/field.tsx';
import { Segments, Switch } from '../../ui/toggle.tsx';
import { ApplyDialog } from './apply-dialog.tsx';

/** Takes over a file, also LiteLLM's, after showing what it would change. */
export function ImportTab(): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [from, setFrom] = useState<'own' | 'litellm'>('own');
  const [prune, setPrune] = useState(false);
  const [isReviewing, setReviewing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="stack">
      <div className="row">
        <Segments
          label={t('Kind of file')}
          value={from}
          options={[
            { value: 'own', label: 'llm-proxy' },
            { value: 'litellm', label: 'LiteLLM' },
          ]}
          onChange={setFrom}
        />
        <Button icon={FileUp} onClick={() => input.current?.click()}>
          {t('Choose a file')}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".yaml,.yml,.json"
          hidden
          aria-label={t('Choose a file')}
          onChange={({ target }) => void target.files?.[0]?.text().then(setText)}
        />
        <Switch
          label={t('Delete everything that is not in the file')}
          isOn={prune}
          onChange={setPrune}
          danger
        />
      </div>
      <Field
        label={t('File contents')}
        note={t('Replace variables such as ${OPENAI_API_KEY} with their values.')}
      >
        <TextArea
          mono
          rows={18}
          value={text}
          onValue={setText}
          placeholder={'providers:\n  - name: openai\n    …'}
        />
      </Field>
      <div className="row">
        <Button look="primary" disabled={text.trim() === ''} onClick={() => setReviewing(true)}>
          {t('Show what would change')}
        </Button>
      </div>
      {isReviewing && (
        <ApplyDialog
          yaml={text}
          version={undefined}
          prune={prune}
          {...(from === 'litellm' && { from })}
          canApply
          onClose={() => setReviewing(false)}
          onApplied={() => {
            setReviewing(false);
            setText('');
          }}
        />
      )}
    </div>
  );
}
