import { patternMatcher } from '../../core/name-pattern.ts';
import { answer } from '../answers/answer.ts';
import type { Behaviour } from '../answers/server-exchange.ts';
import type { BatchRequestLine, LineOutcome } from '../batches/batch-results.ts';
import { errorFields } from '../wire/wire.ts';
import { errorAnswer, faultBehaviour } from './faults.ts';
import { answerOptions } from './reply.ts';
import type { Rule, When } from './schema.ts';
import type { Subject } from './subject.ts';
import { textMatcher } from './text-pattern.ts';

/** A rule that was chosen, and what it says. */
export interface Chosen {
  /** As it is called in what is told: `rules[2]`, or `greeting` where no rule fits. */
  readonly name: string;
  readonly behaviour: Behaviour;
}

const NO_RULE = 'greeting';

/** The rules of a script, and how often each may still answer. */
export class Rules {
  readonly #rules: readonly CompiledRule[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules.map((rule, index) => new CompiledRule(`rules[${index}]`, rule));
  }

  choose(subject: Subject): Chosen {
    const rule = this.#take(subject);
    return { name: rule?.name ?? NO_RULE, behaviour: rule?.behaviour ?? greeting };
  }

  /** What becomes of a request of a batch. Where an answer would break off, the upstream had an error. */
  outcome({ custom_id }: BatchRequestLine, subject: Subject): LineOutcome {
    const { reply, fault } = this.#take(subject)?.rule ?? {};
    if (fault === undefined) return { answer: answerOptions(reply, custom_id) };
    const code = 'server_error';
    return errorAnswer(fault) ?? { status: 500, error: errorFields(500, { code }) };
  }

  #take(subject: Subject): CompiledRule | undefined {
    const rule = this.#rules.find((one) => one.fits(subject));
    rule?.use();
    return rule;
  }
}

class CompiledRule {
  readonly name: string;
  readonly rule: Rule;
  readonly behaviour: Behaviour;
  readonly #matches: (subject: Subject) => boolean;
  #left: number;

  constructor(name: string, rule: Rule) {
    this.name = name;
    this.rule = rule;
    this.behaviour = behaviourOf(rule);
    this.#matches = subjectMatcher(rule.when);
    this.#left = rule.times ?? Number.POSITIVE_INFINITY;
  }

  fits(subject: Subject): boolean {
    return this.#left > 0 && this.#matches(subject);
  }

  use(): void {
    this.#left -= 1;
  }
}

const greeting: Behaviour = (exchange) =>
  answer(answerOptions({}, exchange.request.completionId))(exchange);

function behaviourOf({ reply, fault, delay }: Rule): Behaviour {
  const delays = { headersMs: delay.headers, firstPieceMs: delay.firstPiece };
  return delayed(delays, (exchange) => {
    const options = answerOptions(reply, exchange.request.completionId);
    const behaviour =
      fault === undefined
        ? answer({ ...options, paceMs: delay.piece })
        : faultBehaviour(fault, options);
    return behaviour(exchange);
  });
}

interface Delays {
  /** Before the headers, in ms. */
  readonly headersMs: number;
  /** Between them and the first piece, in ms. */
  readonly firstPieceMs: number;
}

/** The same, later. Only a stream sends its headers before it has anything to say. */
function delayed({ headersMs, firstPieceMs }: Delays, behaviour: Behaviour): Behaviour {
  if (headersMs + firstPieceMs === 0) return behaviour;
  return async (exchange) => {
    await exchange.delay(headersMs);
    if (firstPieceMs > 0) {
      if (exchange.request.body.stream === true) exchange.headers();
      await exchange.delay(firstPieceMs);
    }
    await behaviour(exchange);
  };
}

/** Tells whether a request is all that `when` asks. */
function subjectMatcher(when: When): (subject: Subject) => boolean {
  const isModel = named(when.model);
  const isTool = named(when.tool);
  const isCalledTool = named(when.calledTool);
  const isMessage = when.message === undefined ? undefined : textMatcher(when.message);
  return ({ model, api, text, role, tools, calledTool }) =>
    (when.api ?? api) === api &&
    (when.role ?? role) === role &&
    (isModel?.(model) ?? true) &&
    (isMessage?.(text) ?? true) &&
    (isTool === undefined || tools.some(isTool)) &&
    (isCalledTool === undefined || (calledTool !== undefined && isCalledTool(calledTool)));
}

function named(pattern: string | undefined): ((name: string) => boolean) | undefined {
  return pattern === undefined ? undefined : patternMatcher(pattern);
}
