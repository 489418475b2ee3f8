/** English texts that are not their own key: plurals, and words that need a context. */
export const english: Readonly<Record<string, string>> = {
  '{{count}} attempts_one': '{{count}} attempt',
  '{{count}} attempts_other': '{{count}} attempts',
  '{{count}} models_one': '{{count}} model',
  '{{count}} models_other': '{{count}} models',
  '{{count}} raw events_one': '{{count}} raw event',
  '{{count}} raw events_other': '{{count}} raw events',
  '{{count}} models added_one': '{{count}} model added',
  '{{count}} models added_other': '{{count}} models added',
  'Add {{count}} as models_zero': 'Add as models',
  'Add {{count}} as models_one': 'Add 1 as a model',
  'Add {{count}} as models_other': 'Add {{count}} as models',
  'Apply {{count}} changes_one': 'Apply 1 change',
  'Apply {{count}} changes_other': 'Apply {{count}} changes',
  'At most {{count}} attempts._one': 'At most one attempt.',
  'At most {{count}} attempts._other': 'At most {{count}} attempts.',
  'By the average of the last {{count}} whole days._one': 'By the last whole day.',
  'By the average of the last {{count}} whole days._other':
    'By the average of the last {{count}} whole days.',
  '{{count}} events were lost on a slow connection._one': 'One event was lost on a slow connection.',
  '{{count}} events were lost on a slow connection._other':
    '{{count}} events were lost on a slow connection.',
  'role admin': 'Admin',
  'role operator': 'Operator',
  'role viewer': 'Viewer',
  'role key': 'Holder of a key',
};
