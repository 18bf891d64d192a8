import type { Message, ToolCall, ToolKind } from '../../core/message.ts';
import type { Values } from './json-values.ts';
import { checkWellFormed, isPrintable } from './text.ts';
import { actionProblem, resultProblem } from './tool-results.ts';
import type { Violations } from './violations.ts';

/** Checks that tool calls and their results match, message by message. */
export class ToolCallMatching {
  readonly #violations: Violations;
  readonly #values: Values;
  /** The calls that have no result yet, by id, and where they stand. */
  readonly #open = new Map<string, { readonly path: () => string; readonly kind: ToolKind }>();

  /** @param values of the request */
  constructor(violations: Violations, values: Values) {
    this.#violations = violations;
    this.#values = values;
  }

  /** @param path of the message: `request.messages[0]` */
  check(path: () => string, message: Message): void {
    if (message.toolCalls?.length) this.#calls(path, message.role, message.toolCalls);
    if (message.role === 'tool') this.#result(path, message);
    else if (message.toolCallId) {
      this.#violations.malformed(`${path()}.tool_call_id`, 'is only allowed in tool messages');
    }
  }

  /** After the last message. */
  close(): void {
    for (const { path } of this.#open.values()) {
      this.#violations.malformed(`${path()}.id`, 'must be answered by a later tool message');
    }
  }

  #calls(path: () => string, role: Message['role'], calls: readonly ToolCall[]): void {
    if (role !== 'assistant') {
      this.#violations.malformed(`${path()}.tool_calls`, 'is only allowed in assistant messages');
      return;
    }
    calls.forEach((call, index) => {
      this.#call(() => `${path()}.tool_calls[${index}]`, call);
    });
  }

  #call(path: () => string, call: ToolCall): void {
    if (call.id === '') this.#violations.malformed(`${path()}.id`, 'must not be empty');
    else this.#register(path, call);
    // The model chose the name, perhaps one that a tool could not have; it only must be one.
    if (call.name === '' || !isPrintable(call.name)) {
      this.#violations.malformed(`${path()}.name`, 'must be the name of a tool');
    }
    checkWellFormed(this.#violations, `${path()}.arguments`, call.arguments);
    if (call.kind !== 'apply_patch' && call.kind !== 'shell') return;
    const problem = actionProblem(call.arguments, this.#values);
    if (problem !== undefined) this.#violations.malformed(`${path()}.arguments`, problem);
  }

  /** Some servers number the calls of each turn anew, so an id is free again once it is answered. */
  #register(path: () => string, { id, kind = 'function' }: ToolCall): void {
    if (!isPrintable(id)) {
      this.#violations.malformed(
        `${path()}.id`,
        'must be well-formed Unicode without control characters',
      );
    }
    if (this.#open.has(id)) {
      this.#violations.malformed(`${path()}.id`, 'must differ from those still to be answered');
    }
    this.#open.set(id, { path, kind });
  }

  #result(path: () => string, { toolCallId: id, content }: Message): void {
    if (!id) {
      this.#violations.malformed(`${path()}.tool_call_id`, 'is required in tool messages');
      return;
    }
    const call = this.#open.get(id);
    if (call === undefined) {
      this.#violations.malformed(
        `${path()}.tool_call_id`,
        'must be the id of a tool call in an earlier assistant message that has no result yet',
      );
      return;
    }
    this.#open.delete(id);
    const problem = resultProblem(call.kind, content, this.#values);
    if (problem !== undefined) this.#violations.malformed(`${path()}.content`, problem);
  }
}
