import { DAY_MS } from '../../core/clock.ts';
import type { Model } from '../../core/model.ts';

/** How long before its last day a model is warned of. */
const NOTICE_DAYS = 30;

/** Whether OpenAI has stopped to serve it: its last day, in UTC, is over at `now` (epoch ms). */
export function isShutDown(model: Pick<Model, 'shutdownDate'>, now: number): boolean {
  return (daysLeft(model, now) ?? 0) < 0;
}

/** A sentence for people from 30 days before the shutdown on. `name` is what they call the model. */
export function shutdownWarning(
  name: string,
  model: Pick<Model, 'shutdownDate' | 'replacement'>,
  now: number,
): string | undefined {
  const days = daysLeft(model, now);
  if (days === undefined || days > NOTICE_DAYS) return undefined;
  const when = days < 0 ? 'OpenAI shut down' : 'OpenAI will shut down';
  const instead = model.replacement === undefined ? '' : `; use ${model.replacement} instead`;
  return `${when} ${name} on ${model.shutdownDate}${instead}.`;
}

/** Whole UTC days until the last one; 0 on it, negative after it. Undefined: no date is known. */
function daysLeft({ shutdownDate }: Pick<Model, 'shutdownDate'>, now: number): number | undefined {
  if (shutdownDate === undefined) return undefined;
  return Math.round(Date.parse(shutdownDate) / DAY_MS) - Math.floor(now / DAY_MS);
}
