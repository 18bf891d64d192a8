import { type Attributes, type Context, type Logger, SeverityNumber } from '@opentelemetry/api';

/** Names of Tamma's events of a call that answers a conversation. */
export const CALL_EVENTS = {
  started: 'AI.REQUEST.STARTED',
  completed: 'AI.RESPONSE.COMPLETED',
  failed: 'AI.RESPONSE.FAILED',
} as const;

const SEVERITIES = {
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
} as const;

/** Tells of calls as log records of OpenTelemetry, which belong to the span of the context. */
export class CallEvents {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param fields as in the log line of the call; undefined ones are left out. */
  tell(
    event: keyof typeof CALL_EVENTS,
    severity: keyof typeof SEVERITIES,
    fields: object,
    context: Context,
  ): void {
    this.#logger.emit({
      eventName: CALL_EVENTS[event],
      severityNumber: SEVERITIES[severity],
      severityText: severity.toUpperCase(),
      // Without what is undefined, which would be sent as an empty value.
      attributes: JSON.parse(JSON.stringify(fields)) as Attributes,
      context,
    });
  }
}
