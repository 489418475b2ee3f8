/**
 * The section for a version in a changelog in the form of "Keep a Changelog". A pre-release without a
 * section of its own gets the unreleased section. Undefined if there is no such section or if it is empty.
 */
export function notesOf(changelog: string, version: string): string | undefined {
  const sections = new Map(
    changelog
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...lines] = section.split('\n');
        return [/^\[([^\]]+)\]/.exec(heading)?.[1] ?? '', lines.join('\n').trim()] as const;
      }),
  );
  const isPreRelease = version.includes('-');
  return sections.get(version) || (isPreRelease && sections.get('Unreleased')) || undefined;
}
