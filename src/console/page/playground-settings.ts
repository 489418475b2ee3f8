import type { Turn } from './conversation.ts';
import { credential, onCredentials } from './credentials.ts';
import { el } from './element.ts';
import { MODEL_LIST, models } from './models.ts';

/** The settings of a conversation. */
export interface PlaygroundSettings {
  readonly element: HTMLElement;
  /** The body of a chat completion. */
  readonly body: (turns: readonly Turn[]) => Record<string, unknown>;
}

export function playgroundSettings(onChange: () => void): PlaygroundSettings {
  const model = el('input', { id: 'model', list: MODEL_LIST, autocomplete: 'off', oninput: onChange });
  const system = el('textarea', { id: 'system', rows: 3, oninput: onChange });
  const temperature = el('input', {
    id: 'temperature',
    type: 'number',
    min: 0,
    max: 2,
    step: 0.1,
    placeholder: 'as the provider has it',
    oninput: onChange,
  });
  const stream = el('input', { id: 'stream', type: 'checkbox', checked: true, onchange: onChange });
  const usage = el('input', { id: 'usage', type: 'checkbox', checked: true, onchange: onChange });
  const element = el(
    'div',
    { class: 'fields' },
    el('div', { class: 'field' }, el('label', { for: 'model' }, 'Model'), model),
    el('div', { class: 'field' }, el('label', { for: 'system' }, 'System prompt'), system),
    el('div', { class: 'field' }, el('label', { for: 'temperature' }, 'Temperature'), temperature),
    el(
      'div',
      { class: 'row' },
      el('label', { class: 'switch', for: 'stream' }, stream, 'Stream'),
      el('label', { class: 'switch', for: 'usage' }, usage, 'Token usage'),
    ),
  );
  const suggest = async (): Promise<void> => {
    const [first] = credential('bearer') === '' ? [] : await models();
    if (model.value !== '' || first === undefined) return;
    model.value = first;
    onChange();
  };
  onCredentials(element, () => void suggest());
  void suggest();
  return {
    element,
    body: (turns) => ({
      model: model.value,
      messages: [
        ...(system.value.trim() === '' ? [] : [{ role: 'system', content: system.value }]),
        ...turns,
      ],
      ...(temperature.value !== '' && { temperature: Number(temperature.value) }),
      ...(stream.checked && { stream: true }),
      ...(stream.checked && usage.checked && { stream_options: { include_usage: true } }),
    }),
  };
}
