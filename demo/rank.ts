/** What is read of ProviderStatus, as JSON or as proto-loader gives it. */
export interface SelectableStatus {
  readonly upstreams: readonly {
    readonly target: string;
    readonly models: readonly SelectableModel[];
  }[];
}

interface SelectableModel {
  readonly model: string;
  readonly ready: boolean;
  readonly notReadyReason: string;
  readonly pricing?: { readonly input: string; readonly output: string } | null;
  readonly headroom?: { readonly tokens?: number | string | null } | null;
  readonly queueWait?: Duration | null;
  readonly statistics?: {
    readonly attempts: number | string;
    readonly failures: readonly { readonly count: number | string }[];
    readonly timeToFirstToken?: { readonly p95?: Duration | null } | null;
  } | null;
}

interface Duration {
  readonly seconds: number | string;
  readonly nanos: number;
}

export interface Choice {
  readonly target: string;
  readonly model: string;
  /** 0 to 1; the highest is asked next. */
  readonly score: number;
  /** What the call would cost. Absent: no price is known. */
  readonly dollars?: number;
  /** 95 of a hundred are faster, waiting included. Absent: none was seen lately. */
  readonly firstTokenMs?: number;
  /** Why it cannot be asked. */
  readonly reason?: string;
}

/** What a cent and a second are worth to whoever selects; at these a score is halved. */
const HALF_AT = { dollars: 0.01, firstTokenMs: 2_000 };

/** Scores every model at every target by cost, latency, failures and headroom, best first. */
export function rank(
  { upstreams }: SelectableStatus,
  tokens: { readonly input: number; readonly output: number },
): readonly Choice[] {
  return upstreams
    .flatMap(({ target, models }) => models.map((model) => score(target, model, tokens)))
    .toSorted((a, b) => b.score - a.score);
}

function score(
  target: string,
  { model, ready, notReadyReason, pricing, headroom, queueWait, statistics }: SelectableModel,
  { input, output }: { readonly input: number; readonly output: number },
): Choice {
  if (!ready) return { target, model, score: 0, reason: notReadyReason };
  const left = headroom?.tokens;
  if (left !== undefined && left !== null && Number(left) < input + output) {
    return { target, model, score: 0, reason: `only ${left} tokens are left` };
  }
  const attempts = Number(statistics?.attempts ?? 0);
  const failed = (statistics?.failures ?? []).reduce((sum, { count }) => sum + Number(count), 0);
  // One success and one failure more: two failures of two are bad news, but not the last word.
  const reliability = (attempts - failed + 1) / (attempts + 2);
  const dollars =
    pricing && (input * Number(pricing.input) + output * Number(pricing.output)) / 1_000_000;
  const cheap = dollars ? half(dollars, HALF_AT.dollars) : 0.5;
  const p95 = statistics?.timeToFirstToken?.p95;
  const firstTokenMs = p95 ? Math.round(ms(queueWait) + ms(p95)) : undefined;
  // What nobody knows is neither good nor bad.
  const fast = firstTokenMs === undefined ? 0.5 : half(firstTokenMs, HALF_AT.firstTokenMs);
  return {
    target,
    model,
    score: reliability * cheap * fast,
    ...(dollars && { dollars }),
    ...(firstTokenMs !== undefined && { firstTokenMs }),
  };
}

/** 1 at 0, a half at `at`, and so on. */
function half(value: number, at: number): number {
  return at / (at + value);
}

function ms(duration: Duration | null | undefined): number {
  return duration ? Number(duration.seconds) * 1_000 + duration.nanos / 1e6 : 0;
}
