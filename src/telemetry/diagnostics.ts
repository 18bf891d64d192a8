import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Logger } from './logger.ts';
import type { Environment } from './otlp.ts';
import { hideSecret, withoutSecrets } from './secrets.ts';

/** As much of what OpenTelemetry says as goes into a log line, in characters. */
const MAX_LENGTH = 1000;

/** The same sentence is logged once in so many ms: a collector that is away is told of with every export. */
const SPACING_MS = 60_000;

/** Sentences of which it is known when they were logged last. */
const MAX_SAID = 100;

/**
 * Lets OpenTelemetry tell of its own troubles, a collector that is away for instance, in the log.
 * Not where OTEL_LOG_LEVEL is set: the SDK then writes to the console at that level.
 */
export function logDiagnostics(
  logger: Pick<Logger, 'warn'>,
  now: () => number = () => performance.now(),
): void {
  const last = new Map<string, { readonly at: number; more: number }>();
  const warn: DiagLogger['warn'] = (...words) => {
    const text = words.map((word) => withoutStack(String(word))).join(' ');
    const said = withoutSecrets(text).slice(0, MAX_LENGTH).toWellFormed();
    const before = last.get(said);
    if (before !== undefined && now() - before.at < SPACING_MS) {
      before.more += 1;
      return;
    }
    if (last.size >= MAX_SAID) last.clear();
    last.set(said, { at: now(), more: 0 });
    const more = before?.more ?? 0;
    logger.warn({ said, ...(more > 0 && { more }) }, 'telemetry is in trouble');
  };
  const nothing = () => undefined;
  diag.setLogger(
    { error: warn, warn, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** The SDK tells errors as JSON that begins with a stack, behind which there may be no room for what went wrong. */
function withoutStack(text: string): string {
  try {
    const { stack, ...facts } = JSON.parse(text);
    return stack === undefined ? text : JSON.stringify(facts);
  } catch {
    return text;
  }
}

const HEADERS = /^OTEL_EXPORTER_OTLP_(?:(?:TRACES|METRICS|LOGS)_)?HEADERS$/;

/** Collectors quote what they refuse: with these the exporters prove who they are. */
export function hideExporterSecrets(environment: Environment): void {
  for (const [variable, headers = ''] of Object.entries(environment)) {
    if (!HEADERS.test(variable)) continue;
    for (const header of headers.split(',')) hideHeader(header);
  }
}

/** @param header `name=value`, the value percent-encoded */
function hideHeader(header: string): void {
  const [name = '', ...rest] = header.split('=');
  // A tenant's name is a word that may stand anywhere.
  if (!/auth|key|token|secret|passw|cookie/i.test(name)) return;
  const value = rest.join('=').trim();
  for (const form of [value, decoded(value)]) {
    hideSecret(form);
    // Without the `Basic` or `Bearer` in front.
    hideSecret(form.split(/\s+/).at(-1) ?? '');
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
