import { ImagePlus, SendHorizontal, Square, X } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../../ui/button.tsx';
import { sayFailed } from '../../ui/toast.tsx';
import type { Question } from './conversation.ts';

const MOST_IMAGE_BYTES = 5_000_000;

interface ComposerProps {
  readonly isBusy: boolean;
  /** false: it was not sent. */
  readonly onSend: (question: Question) => boolean;
  readonly onStop: () => void;
}

/** The form for the next question. */
export function Composer({ isBusy, onSend, onStop }: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [images, setImages] = useState<readonly string[]>([]);
  const submit = (event: FormEvent | KeyboardEvent): void => {
    event.preventDefault();
    if (isBusy || text.trim() === '' || !onSend({ text, images })) return;
    setText('');
    setImages([]);
  };
  return (
    <form className="composer" onSubmit={submit}>
      {images.length > 0 && (
        <ul className="row tight">
          {images.map((url, at) => (
            <li key={url} className="picture">
              <img src={url} alt={t('Image {{number}}', { number: at + 1 })} />
              <IconButton
                small
                label={t('Remove the image')}
                icon={X}
                onClick={() => setImages(images.filter((one) => one !== url))}
              />
            </li>
          ))}
        </ul>
      )}
      <textarea
        rows={2}
        aria-label={t('Message')}
        placeholder={t('Ask something …')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          // A key that ends the composition of a character sends nothing.
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
        }}
      />
      <div className="row">
        <AddImage onImage={(url) => setImages([...images, url])} />
        <span className="muted small composer-hint">{t('Enter sends, Shift+Enter starts a new line')}</span>
        {isBusy ? (
          <Button className="push" icon={Square} onClick={onStop}>
            {t('Stop')}
          </Button>
        ) : (
          <Button
            className="push"
            look="primary"
            type="submit"
            icon={SendHorizontal}
            disabled={text.trim() === ''}
          >
            {t('Send')}
          </Button>
        )}
      </div>
    </form>
  );
}

function AddImage({ onImage }: { onImage: (url: string) => void }): ReactNode {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const read = (file: File | undefined): void => {
    if (!file) return;
    if (file.size > MOST_IMAGE_BYTES) return sayFailed(t('The image is larger than 5 MB'));
    const reader = new FileReader();
    reader.addEventListener('load', () => onImage(reader.result as string));
    reader.readAsDataURL(file);
    return undefined;
  };
  return (
    <>
      <IconButton label={t('Add an image')} icon={ImagePlus} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={t('Add an image')}
        onChange={({ target }) => {
          read(target.files?.[0]);
          target.value = '';
        }}
      />
    </>
  );
}
