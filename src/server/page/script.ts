import { createHash } from 'node:crypto';

/**
 * What the page runs: it takes each drawing that the sidecar sends and exchanges those of its sections
 * that have changed, so that the place, the selection and the focus stay where they are.
 */
export const SCRIPT = `
const source = new EventSource('events');
const main = document.querySelector('main');
source.onmessage = ({ data }) => {
  const drawn = document.createElement('template');
  drawn.innerHTML = data;
  for (const section of drawn.content.querySelectorAll('section')) {
    const shown = document.getElementById(section.id);
    if (shown === null) main.append(section);
    else if (shown.innerHTML !== section.innerHTML && !shown.contains(document.activeElement)) {
      shown.innerHTML = section.innerHTML;
    }
  }
  document.body.dataset.live = 'yes';
};
source.onerror = () => { document.body.dataset.live = 'no'; };
`;

/** For the page's content security policy. */
export const SCRIPT_HASH = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;
