import { Code, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../session/session.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Pick } from '../../ui/pick.tsx';
import { AnswerView } from './answer-view.tsx';
import { bodyFor, type Settings, type Turn } from './conversation.ts';

interface ColumnProps {
  readonly model: string;
  /** Those that it may be changed to. */
  readonly models: readonly string[];
  readonly turns: readonly Turn[];
  readonly settings: Settings;
  readonly onModel: (model: string) => void;
  /** Sends an example. Undefined for a column without examples. */
  readonly onAsk?: (text: string) => void;
  /** Undefined for the only column. */
  readonly onRemove?: () => void;
}

/** The conversation as one model has it. */
export function Column({ model, models, turns, settings, onModel, onAsk, onRemove }: ColumnProps): ReactNode {
  const { t } = useTranslation();
  const [hasCode, setCode] = useState(false);
  const end = useRef<HTMLDivElement>(null);
  const last = turns.at(-1)?.answers[model];
  useEffect(() => {
    // `scrollIntoView` would move the row of columns sideways, too.
    const box = end.current?.parentElement;
    box?.scrollTo({ top: box.scrollHeight });
  }, [last?.text.length, turns.length]);
  return (
    <section className="column" aria-label={model}>
      <header className="row">
        <span className="grow">
          <Pick label={t('Model')} value={model} values={models} onChange={onModel} />
        </span>
        <IconButton
          label={t('As code')}
          icon={Code}
          disabled={turns.length === 0}
          onClick={() => setCode(true)}
        />
        {onRemove && <IconButton label={t('Remove {{name}}', { name: model })} icon={X} onClick={onRemove} />}
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <div
        className="messages"
        tabIndex={0}
        role="log"
        aria-label={t('Conversation with {{name}}', { name: model })}
      >
        {turns.length === 0 && (
          <div className="messages-empty">
            <p className="muted">{t('Nothing has been asked yet.')}</p>
            {onAsk && <Examples onAsk={onAsk} />}
          </div>
        )}
        {turns.map((turn, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- turns are never reordered
          <div key={at} className="stack tight">
            <div className="question">
              {turn.question.images.map((url) => (
                <img key={url} src={url} alt="" />
              ))}
              {turn.question.text}
            </div>
            {turn.answers[model] && <AnswerView answer={turn.answers[model]} />}
          </div>
        ))}
        <div ref={end} />
      </div>
      {hasCode && <AsCode {...{ model, turns, settings }} onClose={() => setCode(false)} />}
    </section>
  );
}

/** Something to begin with, for those who only want to see an answer. */
function Examples({ onAsk }: { onAsk: (text: string) => void }): ReactNode {
  const { t } = useTranslation();
  const examples = [
    t('Say hello in three languages.'),
    t('Explain what an LLM gateway does, in two sentences.'),
  ];
  return (
    <div className="examples">
      {examples.map((text) => (
        <Button key={text} small onClick={() => onAsk(text)}>
          {text}
        </Button>
      ))}
    </div>
  );
}

interface AsCodeProps {
  readonly model: string;
  readonly turns: readonly Turn[];
  readonly settings: Settings;
  readonly onClose: () => void;
}

function AsCode({ model, turns, settings, onClose }: AsCodeProps): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const last = turns.at(-1);
  // The last answer is what the request is to bring.
  const asked = last ? [...turns.slice(0, -1), { ...last, answers: {} }] : [];
  const body = JSON.stringify(bodyFor(model, asked, settings), undefined, 2).replaceAll(
    "'",
    String.raw`'\''`,
  );
  const text = `curl ${gateway.address.replace(/\/$/, '')}/chat/completions \\
  -H "Authorization: Bearer $LLM_PROXY_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '${body}'`;
  return (
    <Dialog open wide onClose={onClose} title={t('The last question as code')}>
      <CodeBlock label={t('As curl')} text={text} />
    </Dialog>
  );
}
