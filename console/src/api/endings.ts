/** How requests end, each with the look of its mark and its word. */
export const ENDINGS = {
  complete: { look: 'good', text: 'Complete' },
  refused: { look: 'warning', text: 'Refused' },
  failed: { look: 'bad', text: 'Failed' },
  truncated: { look: 'bad', text: 'Truncated' },
  lost: { look: 'bad', text: 'Lost' },
  'client-left': { look: 'idle', text: 'Client left' },
} as const;

export type Ending = keyof typeof ENDINGS;
