import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  foldGutter,
  HighlightStyle,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, linter, lintGutter } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type ReactNode, useEffect, useRef } from 'react';
import { fittingAt, type Schema } from './schema-path.ts';

export interface EditorProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

interface YamlEditorProps {
  readonly label: string;
  /** At first; later texts are the editor's own. */
  readonly text: string;
  readonly schema: Schema | undefined;
  /** The text may be read and searched, but not changed. */
  readonly isReadOnly?: boolean;
  readonly onText: (text: string) => void;
  /** Finds what is wrong, when the typing pauses. */
  readonly check: (text: string) => Promise<readonly EditorProblem[]>;
}

/**
 * An editor for YAML that completes from a schema. It lives in a shadow root, where its styles are adopted sheets: the
 * page's policy allows no style elements.
 */
export function YamlEditor(props: YamlEditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    if (!host.current) return undefined;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({ doc: latest.current.text, extensions: extensionsOf(latest) }),
    });
    return () => view.destroy();
  }, []);
  return <div ref={host} className="editor" />;
}

type Latest = { readonly current: YamlEditorProps };

function extensionsOf(latest: Latest) {
  return [
    lineNumbers(),
    foldGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    bracketMatching(),
    indentUnit.of('  '),
    yaml(),
    EditorState.readOnly.of(latest.current.isReadOnly === true),
    syntaxHighlighting(COLORS),
    lintGutter(),
    linter(async ({ state }) => diagnosticsOf(state, await latest.current.check(state.doc.toString())), {
      delay: 500,
    }),
    autocompletion({ override: [(context) => complete(context, latest.current.schema)] }),
    keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
    EditorView.contentAttributes.of({ 'aria-label': latest.current.label, tabindex: '0' }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) latest.current.onText(state.doc.toString());
    }),
    LOOK,
  ];
}

function diagnosticsOf(state: EditorState, problems: readonly EditorProblem[]): Diagnostic[] {
  return problems.map(({ line, column, message, severity }) => {
    const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
    return { from: Math.min(at.from + Math.max(column - 1, 0), at.to), to: at.to, message, severity };
  });
}

function complete(context: CompletionContext, schema: Schema | undefined): CompletionResult | null {
  const word = context.matchBefore(/[\w./-]*/);
  if (!schema || (word?.text === '' && !context.explicit)) return null;
  const options = fittingAt(schema, context.state.doc.sliceString(0, context.pos)).map((one) => ({
    label: one.label,
    type: one.isKey ? 'property' : 'enum',
    apply: one.isKey ? `${one.label}: ` : one.label,
    ...(one.description !== undefined && { info: one.description }),
  }));
  return { from: word?.from ?? context.pos, options };
}

const COLORS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--blue)' },
  { tag: tags.string, color: 'var(--accent)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--violet)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator], color: 'var(--muted)' },
]);

const LOOK = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--page)', fontSize: '12.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-gutters': {
    backgroundColor: 'var(--sunken)',
    color: 'var(--muted)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)',
  },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--blue) 25%, transparent) !important',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '6px',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    boxShadow: 'var(--float)',
    maxWidth: '28rem',
  },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 10px', fontFamily: 'var(--sans)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--hover)', color: 'var(--text)' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)' },
});
