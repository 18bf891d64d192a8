import { codeName, statusDetails } from '../test/support/grpc-client.ts';
import type { Completed, Outcome } from './ask.ts';
import type { Endpoint } from './endpoint.ts';
import { banner, duration, paint, table } from './screen.ts';
import type { SidecarLog } from './sidecar-log.ts';

const SERVICE = 'tamma.provider.v1.IAIProvider';

/** Lines of the sidecar's log that are shown after a failure. */
const LOG_TAIL = 8;

export function introduction({ answer, url }: Endpoint): string {
  if (answer !== undefined) {
    return banner(['yellow', 'bold'], 'THE ENDPOINT IS SIMULATED', [
      'OPENAI_API_KEY is not set, so a stand-in on this machine plays OpenAI.',
      'The sidecar, the gRPC call and the stream are real; the answer is not.',
    ]);
  }
  return banner(['green', 'bold'], 'THE ENDPOINT IS REAL', [
    `The sidecar asks ${url} with your key.`,
    'The answer is billed to its account.',
  ]);
}

/**
 * What is known once the call ended OK.
 *
 * @param expected what a simulation answers, and breaks off once
 */
export function summary(
  completed: Completed,
  outcome: Outcome,
  expected: string | undefined,
  logged: boolean,
): string {
  const { finishReason, model, usage } = completed;
  const { firstTextMs, totalMs, traceId, text } = outcome;
  return table([
    ['finish reason', finishReason.replace('FINISH_REASON_', '')],
    ['model', model],
    ['usage', usageText(usage)],
    ['cost', costText(completed.cost)],
    ...(expected === undefined
      ? []
      : [['cut off', breakText(text === expected, completed)] as const]),
    ['trace id', `${traceId}${logged ? " (the sidecar's log line has it too)" : ''}`],
    ['first token', firstTextMs === undefined ? 'none' : `after ${duration(firstTextMs)}`],
    ['total', duration(totalMs)],
  ]);
}

/** Why the call failed, for people. */
export function failure({ status, traceId, totalMs }: Outcome): string {
  const info = statusDetails(status).find((detail) => detail['@type'] === 'google.rpc.ErrorInfo');
  const metadata: Readonly<Record<string, string>> = Object(info?.metadata);
  const upstream = [metadata.upstream_status, metadata.upstream_code].filter(Boolean).join(' ');
  const title = `${info?.reason ?? codeName(status)}: ${status.details}`;
  const rows = table([
    ['gRPC status', codeName(status)],
    ...(upstream === '' ? [] : [['upstream said', upstream] as const]),
    ['trace id', traceId],
    ['total', duration(totalMs)],
  ]);
  return `${paint(['red', 'bold'], title)}\n\n${rows}`;
}

export function logTail(log: SidecarLog): string {
  const lines = log.tail(LOG_TAIL);
  if (lines.length === 0) return '';
  return [paint('bold', "The end of the sidecar's log:"), paint('dim', lines.join('\n'))].join(
    '\n',
  );
}

/** The command that asks the same, to be pasted into a shell. */
export function grpcurlLine(address: string, request: object): string {
  const json = JSON.stringify(request).replaceAll("'", String.raw`'\''`);
  return `grpcurl -plaintext -d '${json}' ${address} ${SERVICE}/SendMessage`;
}

/** What to do with a sidecar that keeps serving. */
export function serving(address: string, adminAddress: string): string {
  return [
    table([
      ['gRPC', address],
      ['status page', `http://${adminAddress}/`],
      ['metrics', `http://${adminAddress}/metrics`],
    ]),
    '',
    `grpcurl -plaintext ${address} list`,
    `grpcurl -plaintext ${address} describe ${SERVICE}`,
    `grpcurl -plaintext ${address} ${SERVICE}/GetStatus`,
  ].join('\n');
}

function breakText(isWhole: boolean, { attempts }: Completed): string {
  if (!isWhole) return paint(['red', 'bold'], 'at ✂, and text is missing or came twice');
  return `at ✂, and went on there: nothing lost, nothing twice, attempts: ${attempts}`;
}

function usageText({ inputTokens, outputTokens, totalTokens, estimated }: Completed['usage']) {
  const counts = `${inputTokens} tokens in, ${outputTokens} out, ${totalTokens} in all`;
  return estimated ? `${counts} (estimated)` : counts;
}

function costText(cost: Completed['cost']): string {
  if (cost === null) return 'not tracked';
  if (cost.unpriced) return 'not known: the catalogue has no price of the model';
  const { units, nanos, currencyCode } = cost.total;
  return `${(units + nanos / 1e9).toFixed(6)} ${currencyCode}`;
}
