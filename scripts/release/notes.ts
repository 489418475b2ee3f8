/**
 * What a changelog in the form of "Keep a Changelog" says of a version: the text of its section. A pre-release without a
 * section of its own has that of what is not released yet. Undefined where there is no such section or nothing in it.
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
