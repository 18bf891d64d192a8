import { randomBytes } from 'node:crypto';
import type { RpcOptions } from '../../client/rpc.ts';
import { ERROR_DOMAIN } from '../../core/error-kinds.ts';
import type { Explained } from '../call/admin.ts';
import type { Cli } from '../cli.ts';
import type { AskOptions } from '../commands/ask.ts';
import { EXIT } from '../exit-codes.ts';
import { count } from '../print/words.ts';

/** How long the sidecar may take to notice that a call was left, in ms. */
const NOTICE_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/** Of gRPC. */
const CANCELLED = 1;

/** What can be cancelled by Ctrl-C, and looked up afterwards. */
export interface Interruptible {
  readonly signal: AbortSignal;
  /** Sent with the call: by its trace it is found again. */
  readonly metadata: NonNullable<RpcOptions['metadata']>;
  readonly traceId: string;
}

/** The first Ctrl-C cancels the call, so that what it cost can still be told; the second ends the process. */
export function interruptible({ host }: Cli): Interruptible {
  const controller = new AbortController();
  host.on('SIGINT', () => {
    if (controller.signal.aborted) host.exit(EXIT.interrupted);
    controller.abort();
  });
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  return { signal: controller.signal, traceId, metadata: { traceparent } };
}

/** What a call that was left cost. */
export interface Bill {
  readonly traceId: string;
  /** Absent: the admin listener does not say. */
  readonly explained?: Explained;
}

/** Asks the admin listener. */
export async function billed(traceId: string, { config }: AskOptions, cli: Cli): Promise<Bill> {
  const until = performance.now() + NOTICE_MS;
  const options = { timeout: NOTICE_MS, ...(config !== undefined && { config }) };
  const { askAdmin } = await import('../call/admin.ts');
  try {
    do {
      const { told } = await askAdmin(traceId, options, cli);
      if (told !== undefined && !('calls' in told)) return { traceId, explained: told };
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    } while (performance.now() < until);
  } catch {
    // It is elsewhere, or lets nobody in: whoever may ask it has the id.
  }
  return { traceId };
}

/** In one line; where it is to be found if it is not known. */
export function billText({ traceId, explained }: Bill): string {
  if (explained === undefined) return `cancelled; what it cost is told by: call ${traceId}`;
  const { model, input_tokens, output_tokens, cost_usd, charges } = explained;
  if (charges.length === 0) return 'cancelled before anything was billed';
  const isEstimate = charges.some(({ estimated }) => estimated);
  const tokens = `${count(input_tokens ?? 0)} tokens in, ${count(output_tokens ?? 0)} out`;
  const cost = cost_usd === undefined ? '' : `, ${isEstimate ? '~' : ''}$${cost_usd}`;
  return `cancelled; billed: ${model}: ${isEstimate ? 'about ' : ''}${tokens}${cost}`;
}

/** As a google.rpc.Status, like that of every call that does not end well. */
export function billJson(bill: Bill): object {
  const { traceId, explained } = bill;
  const { model, input_tokens, output_tokens, cost_usd, charges = [] } = explained ?? {};
  const figures = {
    trace_id: traceId,
    model,
    input_tokens,
    output_tokens,
    cost_usd,
    estimated: explained && charges.some(({ estimated }) => estimated),
  };
  const known = Object.entries(figures).filter(([, value]) => value !== undefined);
  return {
    code: CANCELLED,
    message: billText(bill),
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'CANCELLED',
        domain: ERROR_DOMAIN,
        metadata: Object.fromEntries(known.map(([name, value]) => [name, String(value)])),
      },
    ],
  };
}
