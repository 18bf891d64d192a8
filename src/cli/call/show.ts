import { type Cli, CliError } from '../cli.ts';
import type { ConnectionOptions } from '../connection/options.ts';
import { type Fact, Printer } from '../print/printer.ts';
import { count } from '../print/words.ts';
import { askAdmin, type Explained } from './admin.ts';

const HEADS = [
  'ATTEMPT',
  'TARGET',
  'MODEL',
  'OUTCOME',
  'QUEUED',
  'BACKED OFF',
  'BEGAN',
  'FIRST OUTPUT',
  'ENDED',
  'STATUS',
];

/** Explains a call, or all that have the id. */
export async function showCall(id: string, options: ConnectionOptions, cli: Cli): Promise<void> {
  const { status, body, told } = await askAdmin(id, options, cli);
  if (status === 404) throw new CliError('notFound', body.trim());
  if (told === undefined) throw new CliError('failed', `HTTP ${status}: ${body.trim()}`);
  const printer = new Printer(cli);
  if (options.json) return printer.document(told);
  for (const call of 'calls' in told ? told.calls : [told]) await draw(call, printer);
}

async function draw(call: Explained, printer: Printer): Promise<void> {
  const facts: readonly Fact[] = [
    ['trace', call.trace_id],
    ['arrived', call.arrived],
    [
      call.outcome === 'completed' ? 'answered by' : 'asked last',
      call.target && `${call.target}/${call.model}`,
    ],
    ['why', call.why_this_target],
    ['finish reason', call.finish_reason],
    ['fields', call.fields?.join(', ')],
    ['budget', call.budget],
    ['upstream said', call.upstream_error && codes(call.upstream_error)],
    ['cause', call.cause],
    ['took', ms(call.duration_ms)],
    ['first token after', ms(call.time_to_first_token_ms)],
    ['waited', `${ms(call.queued_ms)} in queues, ${ms(call.backoff_ms)} after failures`],
    ['tokens', call.input_tokens === undefined ? undefined : tokens(call)],
    ['cost', call.cost_usd && `$${call.cost_usd}`],
  ];
  const outcome =
    call.outcome === 'completed' ? printer.good(call.outcome) : printer.bad(call.outcome);
  const head = [printer.bold(call.call_id), ` ${call.method} `, outcome];
  await printer.facts(head, facts);
  if (call.attempts.length > 0) await printer.table(HEADS, call.attempts.map(row));
}

function row(attempt: Explained['attempts'][number]): string[] {
  return [
    String(attempt.attempt),
    attempt.target,
    attempt.model,
    attempt.outcome,
    ms(attempt.waited_in_queue_ms),
    ms(attempt.waited_after_failure_ms),
    ms(attempt.began_ms),
    ms(attempt.first_output_ms),
    ms(attempt.ended_ms),
    String(attempt.upstream_status ?? ''),
  ];
}

function tokens({ input_tokens, output_tokens }: Explained): string {
  return `${count(input_tokens ?? 0)} in, ${count(output_tokens ?? 0)} out`;
}

function codes({ status, code, type }: NonNullable<Explained['upstream_error']>): string {
  return [status, code ?? type].filter((part) => part !== undefined).join(' ');
}

function ms(value: number | undefined): string {
  return value === undefined ? '' : `${count(value)} ms`;
}
