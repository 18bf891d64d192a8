const EXPRESSION = /^\/(.+)\/([imsu]*)$/s;

/** Whether it is a text, or a regular expression between slashes that can be read. */
export function isTextPattern(written: string): boolean {
  try {
    textMatcher(written);
    return true;
  } catch {
    return false;
  }
}

/** Tells whether a text holds what was written, or meets the expression between slashes. */
export function textMatcher(written: string): (text: string) => boolean {
  const [, source, flags] = EXPRESSION.exec(written) ?? [];
  if (source === undefined) return (text) => text.includes(written);
  const expression = new RegExp(source, flags);
  return (text) => expression.test(text);
}
