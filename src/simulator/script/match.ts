import { patternMatcher } from '../../core/name-pattern.ts';
import type { When } from './schema.ts';
import type { Subject } from './subject.ts';
import { textMatcher } from './text-pattern.ts';

/** Tells whether a request is all that `when` asks. */
export function subjectMatcher(when: When): (subject: Subject) => boolean {
  const isModel = named(when.model);
  const isTool = named(when.tool);
  const isCalledTool = named(when.calledTool);
  const isMessage = when.message === undefined ? undefined : textMatcher(when.message);
  return ({ model, api, text, role, tools, calledTool }) =>
    (when.api ?? api) === api &&
    (when.role ?? role) === role &&
    (isModel?.(model) ?? true) &&
    (isMessage?.(text) ?? true) &&
    (isTool === undefined || tools.some(isTool)) &&
    (isCalledTool === undefined || (calledTool !== undefined && isCalledTool(calledTool)));
}

function named(pattern: string | undefined): ((name: string) => boolean) | undefined {
  return pattern === undefined ? undefined : patternMatcher(pattern);
}
