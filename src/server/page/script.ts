import { createHash } from 'node:crypto';

/** A time in ms in its two largest units: "3 d 4 h", "12 min 5 s", "0 s". */
export const DURATION = `(ms) => {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts = [[Math.floor(s / 86400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'min'],
    [s % 60, 's']];
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(...(first < 0 ? [-1] : [first, first + 2])).map((part) => part.join(' ')).join(' ');
}`;

/**
 * What the page runs: it exchanges the sections that the sidecar sends, which are those that have changed,
 * and leaves the place, the focus and how far a table is scrolled as they are; and it counts the times on,
 * by the sidecar's clock. What comes is told as lost when the sidecar has said nothing for 5 s, although it
 * speaks every second. A browser asks again where the connection broke, and gives up where it gets another answer,
 * such as that of a proxy while the sidecar starts: then the script asks again.
 */
export const SCRIPT = `
const main = document.querySelector('main');
const now = performance.now.bind(performance);
let ahead = Number(main.dataset.now) - now();
let heard = now();
const duration = ${DURATION};
const count = () => {
  for (const time of main.querySelectorAll('time[data-how]')) {
    const { how } = time.dataset;
    const far = now() + ahead - Date.parse(time.dateTime);
    const text = duration(how === 'in' ? -far : far);
    time.textContent = how === 'in' ? 'in ' + text : how === 'ago' ? text + ' ago' : text;
  }
};
const title = document.title;
const name = () => {
  const problems = main.querySelectorAll('#problems li').length;
  document.title = problems === 0 ? title : '(' + problems + ') ' + title;
};
const exchange = (shown, section) => {
  const focus = shown.contains(document.activeElement) && document.activeElement.getAttribute('href');
  const scrolled = [...shown.querySelectorAll('.table')].map((table) => table.scrollLeft);
  shown.innerHTML = section.innerHTML;
  shown.querySelectorAll('.table').forEach((table, i) => { table.scrollLeft = scrolled[i] ?? 0; });
  const link = [...shown.querySelectorAll('a')].find((one) => one.getAttribute('href') === focus);
  link?.focus({ preventScroll: true });
};
const renew = ({ data, lastEventId }) => {
  heard = now();
  ahead = Number(lastEventId) - heard;
  const drawn = document.createElement('template');
  drawn.innerHTML = data;
  for (const section of drawn.content.querySelectorAll('section')) {
    const shown = document.getElementById(section.id);
    if (shown === null) main.append(section);
    else exchange(shown, section);
  }
  count();
  name();
  document.body.dataset.live = 'yes';
};
const lose = () => { document.body.dataset.live = 'no'; };
const listen = () => Object.assign(new EventSource('events'), { onmessage: renew, onerror: lose });
let source = listen();
count();
name();
setInterval(() => {
  count();
  if (now() - heard > 5000) lose();
  if (source.readyState === EventSource.CLOSED) source = listen();
}, 1000);
`;

/** For the page's content security policy. */
export const SCRIPT_HASH = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;
