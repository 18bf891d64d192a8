import type { Call, Emit } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import type { Message } from '../../core/message.ts';

/** OpenAI's and Azure's word for reasoning that was sealed by another account or another upstream. */
const UNOPENED = 'invalid_encrypted_content';

const WARNING =
  'The sealed reasoning of earlier turns was left out: the upstream could not open it.';

/** Turns that are remembered, by the end of what is sealed in them. */
const MAX_REMEMBERED = 4_096;
const MARK_LENGTH = 64;

type AnswerCall = (call: Call, emit: Emit) => Promise<Completed>;

/**
 * Asks once more without the reasoning of earlier turns where the upstream cannot open it, and says so. A
 * fallback, or a key of another organization, has sealed it, or asks with what was sealed before: every later
 * turn would be refused for a choice that was made here. What was refused is left out of later turns from the begin,
 * which brings what they seal themselves.
 */
export class ReadableReasoning {
  readonly #ask: AnswerCall;
  readonly #unopened = new Set<string>();

  constructor(ask: AnswerCall) {
    this.#ask = ask;
  }

  answer(call: Call, emit: Emit): Promise<Completed> {
    const { messages } = call.request;
    if (call.target.surface !== 'responses' || !messages.some(isSealed)) {
      return this.#ask(call, emit);
    }
    // A sealed conversation is all there is of it.
    if (messages.some(isCompacted)) return this.#ask(call, emit);
    return this.#orWithout(call, emit);
  }

  async #orWithout(call: Call, emit: Emit): Promise<Completed> {
    const known = without(call, (message) => this.#isKnown(call, message));
    let hasEmitted = false;
    const pass: Emit = (event) => {
      hasEmitted = true;
      emit(event);
    };
    try {
      return await this.#ask(known, pass);
    } catch (thrown) {
      const isUnopened = ProviderError.from(thrown).facts.upstreamCode === UNOPENED;
      const isFinal = hasEmitted || call.signal.aborted || !known.request.messages.some(isSealed);
      if (!isUnopened || isFinal) throw thrown;
      this.#remember(known);
      return this.#ask(without(call, isSealed), emit);
    }
  }

  #isKnown(call: Call, message: Message): boolean {
    return this.#unopened.size > 0 && marksOf(call, message).some((at) => this.#unopened.has(at));
  }

  #remember(call: Call): void {
    for (const mark of call.request.messages.flatMap((message) => marksOf(call, message))) {
      const [oldest] = this.#unopened;
      if (oldest !== undefined && this.#unopened.size >= MAX_REMEMBERED) {
        this.#unopened.delete(oldest);
      }
      this.#unopened.add(mark);
    }
  }
}

/** Of each key: another may be of the organization that has sealed it. */
function marksOf({ key }: Call, { reasoningItems = [] }: Message): string[] {
  return reasoningItems.map(
    ({ encryptedContent }) => `${key} ${encryptedContent.slice(-MARK_LENGTH)}`,
  );
}

function isSealed({ reasoningItems = [] }: Message): boolean {
  return reasoningItems.length > 0;
}

function isCompacted({ reasoningItems = [] }: Message): boolean {
  return reasoningItems.some(({ type }) => type === 'compaction');
}

/** Without the reasoning of these turns. */
function without(call: Call, isLeftOut: (message: Message) => boolean): Call {
  const { messages } = call.request;
  if (!messages.some(isLeftOut)) return call;
  const readable = messages.map((message) => (isLeftOut(message) ? unsealed(message) : message));
  return {
    ...call,
    request: { ...call.request, messages: readable.filter(saysAnything) },
    warnings: [...call.warnings, WARNING],
  };
}

/** What the upstream ran itself is not taken without the reasoning that led to it. */
function unsealed({ reasoningItems: _, providerData: __, ...said }: Message): Message {
  return said;
}

function saysAnything({ role, content, toolCalls = [], reasoningItems = [] }: Message): boolean {
  return role !== 'assistant' || content.length + toolCalls.length + reasoningItems.length > 0;
}
