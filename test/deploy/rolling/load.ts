import { readFileSync } from 'node:fs';
import type { ServiceError } from '@grpc/grpc-js';
import { type Plan, Planner, scriptAt } from '../../money/plan.ts';
import type { BilledUpstream } from '../../money/upstream.ts';
import {
  collect,
  connect,
  type GrpcClient,
  statusDetail,
  type WireMessage,
} from '../../support/grpc-client.ts';
import { pieceAt } from '../../support/upstream/known-text.ts';

const CLIENTS = 4;
const CALLS_AT_ONCE = 24;
const REFUSED_SHARE = 0.2;
const SYNC_SHARE = 0.4;
/** Whose budget the load uses up. */
export const CAPPED_PROJECT = 'project-capped';
const CAPPED_SHARE = 0.1;

/** Ends of calls, counted. */
export interface Ends {
  /** OK, and with the text that the upstream wrote. */
  answered: number;
  /** BUDGET_EXCEEDED of the budget that is used up. */
  refused: number;
  /** SHUTTING_DOWN before anything came, and then asked again as RetryInfo says; no end of a call. */
  askedAgain: number;
  /** Anything else: what became of each. */
  readonly lost: string[];
}

/** Callers with what docs/clients.md says of service config and waiting, and no retries. */
export class Load {
  readonly ends: Ends = { answered: 0, refused: 0, askedAgain: 0, lost: [] };
  readonly #upstream: BilledUpstream;
  readonly #planner: Planner;
  readonly #clients: readonly GrpcClient[];
  #isOver = false;
  #workers: Promise<unknown> = Promise.resolve();

  constructor(target: string, upstream: BilledUpstream, seed: number) {
    this.#upstream = upstream;
    this.#planner = new Planner(seed, 60);
    this.#clients = Array.from({ length: CLIENTS }, () =>
      connect(target, {
        'grpc.service_config': JSON.stringify(serviceConfig()),
        'grpc.use_local_subchannel_pool': 1,
      }),
    );
  }

  get calls(): number {
    const { answered, refused, lost } = this.ends;
    return answered + refused + lost.length;
  }

  begin(): void {
    this.#workers = Promise.all(
      Array.from({ length: CALLS_AT_ONCE }, async (_, at) => {
        const client = this.#clients[at % CLIENTS];
        while (!this.#isOver && client !== undefined) await this.#call(client);
      }),
    );
  }

  /** Resolves when so many further calls have ended. */
  async goOn(calls: number): Promise<void> {
    const until = this.calls + calls;
    while (this.calls < until) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Begins no further call, and waits for those that run. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#workers;
    for (const client of this.#clients) client.close();
  }

  async #call(client: GrpcClient): Promise<void> {
    const plan = this.#upstream.expect(this.#plan());
    const { projectId } = plan;
    try {
      const text = await this.#answer(client, plan);
      const isWhole = projectId === CAPPED_PROJECT || text === textOf(plan);
      if (isWhole) this.ends.answered += 1;
      else this.ends.lost.push(`another text: ${text}`);
    } catch (thrown) {
      const error = thrown as ServiceError;
      if (projectId === CAPPED_PROJECT && reasonOf(error) === 'BUDGET_EXCEEDED') {
        this.ends.refused += 1;
        // As a caller does that is told to come again later.
        await new Promise((resolve) => setTimeout(resolve, 100));
      } else this.ends.lost.push(`${error.message} (${reasonOf(error)})`);
    }
  }

  async #answer(client: GrpcClient, plan: Plan): Promise<string> {
    for (;;) {
      try {
        return await ask(client, plan);
      } catch (thrown) {
        const error = thrown as ServiceError;
        if (reasonOf(error) !== 'SHUTTING_DOWN' || this.#upstream.hasSeen(plan)) throw thrown;
        this.ends.askedAgain += 1;
        const { retryDelay } = statusDetail(error, 'google.rpc.RetryInfo') as unknown as RetryInfo;
        await new Promise((resolve) =>
          setTimeout(resolve, 1_000 * retryDelay.seconds + retryDelay.nanos / 1e6),
        );
      }
    }
  }

  #plan(): Plan {
    const planner = this.#planner;
    const refused = planner.chance() < REFUSED_SHARE;
    const end = planner.oneOf(['refused_500', 'refused_429', 'reset_before_headers'] as const);
    return planner.plain({
      mode: planner.chance() < SYNC_SHARE ? 'sync' : 'FAIL',
      scripts: [...(refused ? [planner.script({ end })] : []), planner.script()],
      ...(planner.chance() < CAPPED_SHARE && { projectId: CAPPED_PROJECT }),
    });
  }
}

interface RetryInfo {
  readonly retryDelay: { readonly seconds: number; readonly nanos: number };
}

/** As the page has it, with the balancing that docs/deploy.md tells clients of several Pods to use. */
function serviceConfig(): object {
  const [, json = ''] = /```json\n(.*?)```/s.exec(readFileSync('docs/clients.md', 'utf8')) ?? [];
  return { ...JSON.parse(json), loadBalancingConfig: [{ round_robin: {} }] };
}

/** The text of an answer. */
async function ask({ provider }: GrpcClient, plan: Plan): Promise<string> {
  const { question, mode, model, userId, projectId } = plan;
  const request = {
    model,
    messages: [{ role: 'ROLE_USER', content: question }],
    // Elsewhere a setting of the account decides, and a bound must reckon with the dearer one.
    serviceTier: 'default',
    metadata: { user_id: userId, project_id: projectId },
  };
  const settings = { waitForReady: true, deadline: Date.now() + plan.deadlineMs };
  if (mode === 'sync') {
    const { response } = await provider.unary('SendMessageSync', { request }, settings);
    return String((response as WireMessage).content);
  }
  const { messages, status } = await collect(provider.stream('SendMessage', { request }, settings));
  if (status.code !== 0) throw Object.assign(new Error(`${status.code} ${status.details}`), status);
  if (messages.at(-1)?.event !== 'completed') throw new Error('a stream that ended OK too early');
  return messages.map(({ textDelta }) => (textDelta as WireMessage | null)?.text ?? '').join('');
}

/** What the upstream writes at last. */
function textOf(plan: Plan): string {
  const { offset, tokens } = scriptAt(plan, plan.scripts.length - 1);
  let text = '';
  let written = 0;
  for (let at = offset; ; at += 1) {
    const piece = pieceAt(at);
    written += piece.tokens;
    if (written > tokens) return text;
    text += piece.text;
  }
}

function reasonOf(error: ServiceError): string {
  try {
    return String(statusDetail(error, 'google.rpc.ErrorInfo').reason);
  } catch {
    return 'without a reason';
  }
}
