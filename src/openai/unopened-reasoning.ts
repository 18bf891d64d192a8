import type { Call, Emit } from '../core/call.ts';
import { ProviderError } from '../core/errors.ts';
import type { Completed } from '../core/events.ts';
import type { Message } from '../core/message.ts';

/** OpenAI's and Azure's word for reasoning that was sealed by another account or another upstream. */
const UNOPENED = 'invalid_encrypted_content';

const WARNING =
  'The sealed reasoning of earlier turns was left out: the upstream could not open it.';

type AnswerCall = (call: Call, emit: Emit) => Promise<Completed>;

/**
 * Asks once more without the reasoning of earlier turns where the upstream cannot open it, and says so. A
 * fallback, or a key of another organization, has sealed it, or asks with what was sealed before: every later
 * turn would be refused for a choice that was made here.
 */
export function withReadableReasoning(
  call: Call,
  emit: Emit,
  answer: AnswerCall,
): Promise<Completed> {
  const readable = withoutReasoning(call);
  return readable === undefined ? answer(call, emit) : orWithout(call, emit, { answer, readable });
}

async function orWithout(
  call: Call,
  emit: Emit,
  { answer, readable }: { readonly answer: AnswerCall; readonly readable: () => Call },
): Promise<Completed> {
  let hasEmitted = false;
  const pass: Emit = (event) => {
    hasEmitted = true;
    emit(event);
  };
  try {
    return await answer(call, pass);
  } catch (thrown) {
    const isUnopened = ProviderError.from(thrown).facts.upstreamCode === UNOPENED;
    if (!isUnopened || hasEmitted || call.signal.aborted) throw thrown;
    return answer(readable(), emit);
  }
}

/** Undefined: there is none, or a sealed conversation, which nothing else may hold. */
function withoutReasoning(call: Call): (() => Call) | undefined {
  if (call.target.surface !== 'responses') return undefined;
  const { messages } = call.request;
  const items = messages.flatMap(({ reasoningItems = [] }) => reasoningItems);
  if (items.length === 0 || items.some(({ type }) => type === 'compaction')) return undefined;
  return () => ({
    ...call,
    request: { ...call.request, messages: messages.map(unsealed).filter(saysAnything) },
    warnings: [...call.warnings, WARNING],
  });
}

/** What the upstream ran itself is not taken without the reasoning that led to it. */
function unsealed(message: Message): Message {
  if (!message.reasoningItems?.length) return message;
  const { reasoningItems: _, providerData: __, ...said } = message;
  return said;
}

function saysAnything({ role, content, toolCalls = [] }: Message): boolean {
  return role !== 'assistant' || content.length + toolCalls.length > 0;
}
