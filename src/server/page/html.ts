/** Markup, as opposed to text that still has to be escaped. */
export interface Markup {
  readonly markup: string;
}

export type Content = string | number | Markup | readonly Markup[];

/** Joins markup and content; text among the content is escaped. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const rest = contents.map((content, i) => toMarkup(content) + strings[i + 1]);
  return { markup: strings[0] + rest.join('') };
}

function toMarkup(content: Content): string {
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  if ('markup' in content) return content.markup;
  return content.map(({ markup }) => markup).join('');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
