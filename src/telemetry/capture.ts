import type { Logger } from './logger.ts';
import type { Environment } from './otlp.ts';

const VARIABLE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/** `true` and `false` are what the variable took before it had words. */
const SPANS = ['SPAN_ONLY', 'SPAN_AND_EVENT', 'TRUE'];
const NOWHERE = ['NO_CONTENT', 'FALSE', ''];

/**
 * Whether prompts and answers stand on spans: only if OpenTelemetry's own variable says so. Events
 * never have them: a value that asks for that, or that nobody knows, is warned of.
 */
export function capturesContent(environment: Environment, logger: Pick<Logger, 'warn'>): boolean {
  const value = (environment[VARIABLE] ?? '').trim().toUpperCase();
  const onSpans = SPANS.includes(value);
  if (onSpans) logger.warn({ variable: VARIABLE }, 'prompts and answers are written to spans');
  if (value === 'SPAN_AND_EVENT' || !(onSpans || NOWHERE.includes(value))) {
    const message =
      'no events have content: SPAN_ONLY and NO_CONTENT are the values that are served';
    logger.warn({ variable: VARIABLE }, message);
  }
  return onSpans;
}
