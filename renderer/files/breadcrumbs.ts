/** The folders on the way to `path`, the root first, each with its own path. */
export function breadcrumbsOf(path: string): readonly { readonly name: string; readonly path: string }[] {
  const separator = path.includes('\\') ? '\\' : '/';
  const parts = path.split(separator).filter((part) => part !== '');
  const root = path.startsWith('/') ? [{ name: '/', path: '/' }] : [];
  return [
    ...root,
    ...parts.map((name, index) => ({
      name,
      path:
        (root.length > 0 ? '/' : '') + parts.slice(0, index + 1).join(separator) + driveEnd(index, separator),
    })),
  ];
}

/** `C:` alone means the current folder of the drive; `C:\` is its root. */
function driveEnd(index: number, separator: string): string {
  return index === 0 && separator === '\\' ? '\\' : '';
}
