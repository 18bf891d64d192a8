import { Content } from '../../support/storm/content.ts';
import { type CallPlan, Draw, type Mode } from '../../support/storm/plan.ts';

/** What happens to one attempt. Apart from `good`, all may happen before, in or after its output. */
export type AttemptKind =
  | 'good'
  | 'cut'
  | 'reset'
  | 'early end'
  | 'stall'
  | 'error event'
  | 'malformed event'
  | '429'
  | '500'
  | '503'
  | 'reset before headers'
  | 'silence';

/** What is chosen how often, by weight. */
export type Kinds = Readonly<Partial<Record<AttemptKind, number>>>;

/** Shares of the calls. */
export interface Hurry {
  /** Each cancelled by its caller at a random point. */
  readonly cancelled: number;
  /** Each with a deadline that may come before its end. */
  readonly hurried: number;
}

/** One call; its number is what it asks. */
export interface StormPlan extends CallPlan {
  readonly call: number;
  /** Its deadline may come before its end. */
  readonly isHurried: boolean;
}

/** What one of its attempts meets. */
export interface AttemptPlan {
  readonly kind: AttemptKind;
  /** Where it breaks, as a share of the answer's bytes. */
  readonly breaksAt: number;
  readonly deltas: readonly string[];
  readonly toolCalls: readonly ToolCallPlan[];
  /** Chooses how the bytes are split, and when they go. */
  readonly next: () => number;
}

export interface ToolCallPlan {
  readonly id: string;
  readonly name: string;
  /** The arguments, in the pieces in which they are streamed. */
  readonly arguments: readonly string[];
}

const MODES: readonly Mode[] = ['FAIL', 'RESTART', 'HOLD_BACK', 'sync'];
const PATIENT_MS = 60_000;
const HURRIED_MS = 300;
const LATEST_CANCEL_MS = 200;
const MAX_DELTAS = 30;
const MAX_TOOL_CALLS = 2;
const TOOL_CALL_SHARE = 0.25;
/** More than a call ever has, so that no two plans share a seed. */
const ATTEMPTS_PER_CALL = 16;

/** What a call does, the same for the same seed. */
export function callPlan(seed: number, call: number, hurry: Hurry): StormPlan {
  const draw = new Draw(seedOf(seed, call, 0));
  const mode = draw.oneOf(MODES);
  const isCancelled = draw.chance() < hurry.cancelled;
  const cancelAfterMs = draw.chance() * LATEST_CANCEL_MS;
  const isHurried = draw.chance() < hurry.hurried;
  return {
    call,
    question: String(call),
    mode,
    isHurried,
    deadlineMs: isHurried ? 1 + draw.upTo(HURRIED_MS) : PATIENT_MS,
    ...(isCancelled && { cancelAfterMs }),
  };
}

/** What its n-th attempt meets, counted from 1: the same for the same seed, and unlike any other. */
export function attemptPlan(seed: number, call: number, attempt: number, of: Kinds): AttemptPlan {
  const draw = new Draw(seedOf(seed, call, attempt));
  const kind = pickKind(of, draw);
  const breaksAt = draw.chance();
  const length = 1 + draw.upTo(MAX_DELTAS);
  const deltas = [`${call}/${attempt}:`, ...draw.texts(length)];
  const hasTools = draw.chance() < TOOL_CALL_SHARE;
  const tools = hasTools ? 1 + draw.upTo(MAX_TOOL_CALLS) : 0;
  const toolCalls = Array.from({ length: tools }, (_, index) => ({
    id: `call_${call}_${attempt}_${index}`,
    name: 'look_up',
    arguments: jsonInPieces(draw.texts(4)),
  }));
  return { kind, breaksAt, deltas, toolCalls, next: draw.chance };
}

/** The whole answer of an attempt. */
export function contentOf({ deltas, toolCalls }: AttemptPlan): string {
  const content = new Content();
  content.addText(deltas.join(''));
  for (const [index, { id, name, arguments: pieces }] of toolCalls.entries()) {
    content.addToolCall(index, { id, name, fragment: pieces.join('') });
  }
  return content.toString();
}

function seedOf(seed: number, call: number, attempt: number): number {
  return Math.imul(seed, 0x9e3779b1) + call * ATTEMPTS_PER_CALL + attempt;
}

/** The numbers below `length`, shuffled. */
export function shuffled(seed: number, length: number): Uint32Array {
  const draw = new Draw(seed);
  const numbers = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last -= 1) {
    const other = draw.upTo(last + 1);
    const [number = 0, swapped = 0] = [numbers[last], numbers[other]];
    numbers[last] = swapped;
    numbers[other] = number;
  }
  return numbers;
}

function pickKind(of: Kinds, draw: Draw): AttemptKind {
  const kinds = Object.entries(of) as [AttemptKind, number][];
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  let left = draw.chance() * total;
  for (const [kind, weight] of kinds) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'good';
}

function jsonInPieces(values: readonly string[]): string[] {
  return [...JSON.stringify({ values })].join('').match(/.{1,5}/gsu) ?? [];
}
