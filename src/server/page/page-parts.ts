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
export function ago(time: number | undefined, now: number): Markup {
  return time === undefined ? soft('never') : moment(time, `${duration(now - time)} ago`);
}

/** A moment to come. */
export function ahead(time: number | undefined, now: number): Markup {
  return time === undefined ? soft('never') : moment(time, `in ${duration(time - now)}`);
}

export function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** The two largest units: "3 d 4 h", "12 min 5 s", "0 s". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
}

function moment(time: number, text: string): Markup {
  return html`<time datetime="${isoTime(time)}" title="${isoTime(time)}">${text}</time>`;
}
