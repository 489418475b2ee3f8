import type { StreamEvent } from './item.ts';

/** How events are serialised; the standard for server-sent events allows every style. */
export interface EventStyle {
  readonly lineEnd: '\n' | '\r\n' | '\r';
  /** The text after a field's colon. */
  readonly space: '' | ' ';
  /** Whether JSON is spread over several data lines. */
  readonly isMultiLine: boolean;
}

export const PLAIN_STYLE: EventStyle = { lineEnd: '\n', space: ' ', isMultiLine: false };

/** The text of one event, with the empty line that ends it. */
export function eventText(event: StreamEvent, style: EventStyle): string {
  if (style === PLAIN_STYLE) {
    return event.name === '' ? `data: ${event.data}\n\n` : `event: ${event.name}\ndata: ${event.data}\n\n`;
  }
  const { lineEnd, space } = style;
  const name = event.name === '' ? '' : `event:${space}${event.name}${lineEnd}`;
  const lines = style.isMultiLine ? spread(event.data) : [event.data];
  return `${name}${lines.map((line) => `data:${space}${line}${lineEnd}`).join('')}${lineEnd}`;
}

/** The text of one comment, which readers must ignore. */
export function commentText(text: string, style: EventStyle): string {
  return `:${style.space}${text}${style.lineEnd}${style.lineEnd}`;
}

/** JSON on several lines; what is not JSON stays on one. */
function spread(data: string): readonly string[] {
  return data.startsWith('{') ? JSON.stringify(JSON.parse(data), null, 1).split('\n') : [data];
}
