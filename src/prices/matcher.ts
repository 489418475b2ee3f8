/** A rule for the names that a price applies to, as in the catalogue. */
export type MatchRule =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly MatchRule[] }
  | { readonly and: readonly MatchRule[] };

/** Whether the rule matches a name. All regular expressions come from the bundled catalogue. */
export function isMatch(rule: MatchRule, name: string): boolean {
  if ('equals' in rule) return name === rule.equals;
  if ('starts_with' in rule) return name.startsWith(rule.starts_with);
  if ('ends_with' in rule) return name.endsWith(rule.ends_with);
  if ('contains' in rule) return name.includes(rule.contains);
  if ('regex' in rule) return new RegExp(rule.regex).test(name);
  if ('or' in rule) return rule.or.some((each) => isMatch(each, name));
  return rule.and.every((each) => isMatch(each, name));
}
