import { el } from './element.ts';
import { MODEL_LIST } from './models.ts';

/** A form body: a model, a file, and further fields. */
export interface FormField {
  readonly element: HTMLElement;
  readonly data: () => FormData;
  /** The fields for curl, with the file by its name. */
  readonly fields: () => [name: string, value: string][];
}

export function formField(onChange: () => void): FormField {
  const model = el('input', { id: 'form-model', list: MODEL_LIST, autocomplete: 'off', oninput: onChange });
  const file = el('input', { id: 'form-file', type: 'file', onchange: onChange });
  const rest = el('textarea', {
    id: 'form-rest',
    class: 'editor',
    rows: 3,
    placeholder: 'language=en',
    spellcheck: 'false',
    oninput: onChange,
  });
  const texts = (): [string, string][] => [
    ...(model.value === '' ? [] : [['model', model.value] as [string, string]]),
    ...rest.value.split('\n').flatMap((line): [string, string][] => {
      const [, name, value = ''] = /^\s*([^=\s]+)\s*=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  ];
  return {
    data() {
      const data = new FormData();
      for (const [name, value] of texts()) data.append(name, value);
      const [chosen] = file.files ?? [];
      if (chosen !== undefined) data.append('file', chosen);
      return data;
    },
    fields: () => [...texts(), ['file', `@${file.files?.[0]?.name ?? 'file'}`]],
    element: el(
      'div',
      { class: 'body-field' },
      el('div', { class: 'field' }, el('label', { for: 'form-model' }, 'Model'), model),
      el('div', { class: 'field' }, el('label', { for: 'form-file' }, 'File'), file),
      el('div', { class: 'field' }, el('label', { for: 'form-rest' }, 'Other fields, one a line'), rest),
    ),
  };
}
