import { type Content, html, type Markup } from './html.ts';

/** A table under a heading. */
export function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly Content[])[],
): Markup {
  return html`<h2>${title}</h2>
<div class="table"><table>
<thead><tr>${columns.map((column) => html`<th>${column}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** How something fares, with a dot in the colour that goes with it. */
export function state(kind: 'good' | 'wait' | 'bad', text: string): Markup {
  return html`<span class="state ${kind}">${text}</span>`;
}

export function soft(text: string): Markup {
  return html`<span class="soft">${text}</span>`;
}

/** A moment in the past. */
export function ago(time: number | undefined): Markup {
  return time === undefined ? soft('never') : moment('ago', time);
}

/** A moment to come. */
export function ahead(time: number | undefined): Markup {
  return time === undefined ? soft('never') : moment('in', time);
}

/** When something began that goes on. */
export function since(time: number): Markup {
  return moment('for', time);
}

/**
 * A date, of which the page itself makes how far it is (`script.ts`): so nothing is drawn again because
 * time passes.
 */
function moment(how: 'ago' | 'in' | 'for', time: number): Markup {
  const at = new Date(time).toISOString();
  return html`<time datetime="${at}" title="${at}" data-how="${how}">${at}</time>`;
}

/** Draws what never changes once. */
export function drawnOnce<T extends object>(draw: (of: T) => Content): (of: T) => Content {
  const drawn = new WeakMap<T, Content>();
  return (of) => {
    const known = drawn.get(of) ?? draw(of);
    drawn.set(of, known);
    return known;
  };
}
