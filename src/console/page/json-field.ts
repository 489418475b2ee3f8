import type { BodyReference } from './reference.ts';
import { indented } from './code.ts';
import { el } from './element.ts';
import { MODEL_LIST } from './models.ts';

/** A JSON body, with separate fields for what the gateway reads of it. */
export interface JsonField {
  readonly element: HTMLElement;
  readonly text: () => string;
}

/** `onChange` is called on every change by the user. */
export function jsonField(body: BodyReference, onChange: () => void): JsonField {
  const problem = el('small', { class: 'problem', role: 'status' });
  const editor = el('textarea', {
    id: 'body',
    class: 'editor',
    spellcheck: 'false',
    autocapitalize: 'off',
    oninput: () => {
      reflect();
      onChange();
    },
  });
  const quick = quickFields(body, (name, value) => {
    editor.value = withField(editor.value, name, value);
    onChange();
  });
  /** Shows beside the body what it says. */
  function reflect(): void {
    const value = parsed(editor.value);
    problem.textContent =
      value === undefined && editor.value.trim() !== '' ? 'This is no JSON object yet.' : '';
    quick.show(value ?? {});
    editor.rows = Math.min(24, Math.max(5, editor.value.split('\n').length));
  }
  function show(value: unknown): void {
    editor.value = value === undefined ? '' : indented(JSON.stringify(value));
    reflect();
  }
  show(body.examples[0]?.value);
  return {
    text: () => editor.value,
    element: el(
      'div',
      { class: 'body-field' },
      quick.element,
      exampleChoice(body, (value) => {
        show(value);
        onChange();
      }),
      el('div', { class: 'field' }, el('label', { for: 'body' }, 'Body'), editor, problem),
    ),
  };
}

interface QuickFields {
  readonly element: HTMLElement | undefined;
  readonly show: (body: Readonly<Record<string, unknown>>) => void;
}

/** The model and whether to stream, where the body has these. */
function quickFields(
  { schema }: BodyReference,
  put: (name: string, value: string | boolean) => void,
): QuickFields {
  const model = el('input', {
    id: 'body-model',
    list: MODEL_LIST,
    autocomplete: 'off',
    oninput: () => put('model', model.value),
  });
  const stream = el('input', {
    id: 'body-stream',
    type: 'checkbox',
    onchange: () => put('stream', stream.checked),
  });
  const has = (name: string): boolean => schema.properties?.[name] !== undefined;
  return {
    element: has('model')
      ? el(
          'div',
          { class: 'row' },
          el('div', { class: 'field grow' }, el('label', { for: 'body-model' }, 'Model'), model),
          has('stream') && el('label', { class: 'switch', for: 'body-stream' }, stream, 'Stream'),
        )
      : undefined,
    show(body) {
      model.value = typeof body['model'] === 'string' ? body['model'] : '';
      stream.checked = body['stream'] === true;
    },
  };
}

function exampleChoice(
  { examples }: BodyReference,
  choose: (value: unknown) => void,
): HTMLElement | undefined {
  if (examples.length < 2) return undefined;
  const choice = el(
    'select',
    { id: 'body-example', onchange: () => choose(examples[Number(choice.value)]?.value) },
    ...examples.map(({ name }, index) => el('option', { value: index }, name)),
  );
  return el('div', { class: 'field' }, el('label', { for: 'body-example' }, 'Example'), choice);
}

/** The body with the field set; false removes it. */
function withField(text: string, name: string, value: string | boolean): string {
  const { [name]: _, ...rest } = parsed(text) ?? {};
  const body = value === false ? rest : { ...parsed(text), [name]: value };
  return JSON.stringify(body, null, 2);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
