import { codeName, statusDetails } from '../../support/grpc-client.ts';
import { type RunningApp, startApp } from '../../support/running-app.ts';
import type { StubUpstream } from '../../support/upstream/index.ts';
import { type Mode, type Seen, see } from '../seen.ts';
import { startTwo, type TwoUpstreams } from '../two-upstreams.ts';

/** A fault that takes its time. */
export interface Scenario {
  /** "when the upstream …" */
  readonly what: string;
  /** Calls go on at a second upstream. */
  readonly fallback?: true;
  /** How long the upstream asked to be left alone when the scenario ends, in s. */
  readonly leftAloneS?: number;
  readonly play: (stage: Stage) => Promise<void>;
}

/** One call, with its times in seconds since the scenario began. */
export interface TimedCall extends Seen {
  readonly from: number;
  readonly to: number;
  /** `OK`, or the reason of the failure. */
  readonly outcome: string;
}

export interface Result {
  readonly what: string;
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

/** Not a model that reasons. */
const MODEL = 'gpt-4o';

/** What a healthy call may take, in s. */
const HEALTHY_S = 5;

/** Where a scenario plays: a sidecar with its defaults, and what is to be noted. */
export class Stage {
  readonly stub: StubUpstream;
  readonly lines: string[] = [];
  readonly problems: string[] = [];
  readonly #running: RunningApp | TwoUpstreams;
  readonly #startedAt = now();

  constructor(running: RunningApp | TwoUpstreams) {
    this.#running = running;
    this.stub = running.stub;
  }

  /** Makes a call. */
  async call(mode: Mode, timeoutS = Number.POSITIVE_INFINITY): Promise<TimedCall> {
    const from = this.#seconds(now());
    const settings = Number.isFinite(timeoutS) ? { deadline: Date.now() + timeoutS * 1000 } : {};
    const seen = await see(this.#running.client, mode, { model: MODEL }, settings);
    const call = { ...seen, from, to: this.#seconds(now()), outcome: outcomeOf(seen) };
    this.lines.push(`caller    ${span(call.from, call.to)} by ${mode}: ${tell(call)}`);
    return call;
  }

  /** Notes a problem unless `holds`. */
  check(problem: string, holds: boolean): void {
    if (!holds) this.problems.push(problem);
  }

  /** Requests to the upstreams so far. */
  get attempts(): number {
    const { stub, second } = { second: undefined, ...this.#running };
    return stub.requests.length + (second?.requests.length ?? 0);
  }

  /** Notes what the upstreams saw. */
  async tellLog(): Promise<void> {
    await this.#tellLogOf('upstream', this.stub);
    if ('second' in this.#running) await this.#tellLogOf('second  ', this.#running.second);
  }

  async #tellLogOf(name: string, { requests }: StubUpstream): Promise<void> {
    await Promise.all(requests.map(({ closed }) => closed));
    for (const { receivedAt, closedAt = receivedAt, closedBy } of requests) {
      const times = span(this.#seconds(receivedAt), this.#seconds(closedAt));
      this.lines.push(`${name}  ${times}, closed by the ${closedBy}`);
    }
  }

  #seconds(at: number): number {
    return (at - this.#startedAt) / 1000;
  }
}

/** Plays a scenario on a stage of its own, and then one healthy call. */
export async function play({ what, play: act, ...scenario }: Scenario): Promise<Result> {
  const running = scenario.fallback ? await startTwo('') : await startApp();
  const stage = new Stage(running);
  try {
    await act(stage);
    const next = await stage.call('FAIL', (scenario.leftAloneS ?? 0) + HEALTHY_S);
    stage.check('the healthy call behind it fails', next.outcome === 'OK');
    await stage.tellLog();
  } catch (error) {
    stage.problems.push(String(error));
  } finally {
    await running.stop();
  }
  return { what, lines: stage.lines, problems: stage.problems };
}

function outcomeOf({ answer, failure }: Seen): string {
  if (answer !== undefined) return 'OK';
  if (failure === undefined) throw new Error('neither an answer nor a failure');
  const details = statusDetails(failure);
  const info = details.find((detail) => detail['@type'] === 'google.rpc.ErrorInfo');
  // In one process with the sidecar a client may notice its deadline first, and knows no reason.
  return info === undefined ? codeName(failure) : String(info.reason);
}

function tell({ answer, texts, outcome }: TimedCall): string {
  const by = answer === undefined ? '' : ` by ${answer.target}, attempt ${answer.attempts}`;
  return `${outcome}${by}, text ${JSON.stringify(texts)}`;
}

function span(from: number, to: number): string {
  return `${from.toFixed(1)} s to ${to.toFixed(1)} s`;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
