import { lengthOf, type ProviderEvent, type ToolCallDelta } from './events.ts';
import { splitDelta } from './split-delta.ts';

/** Characters of a delta, merged or not: below what a message may hold on the way to the caller. */
const MAX_DELTA_LENGTH = 64 * 1024;

/** Weight of an event beside its text, in characters, so that many tiny ones count too. */
export const EVENT_WEIGHT = 64;

/** Events that wait, in order. Adjacent deltas of a kind become one, too large ones several. */
export class EventBuffer<Event extends ProviderEvent = ProviderEvent> {
  #events: (Event | undefined)[] = [];
  /** Places of the oldest, and of the next to come. */
  #next = 0;
  #end = 0;
  #weight = 0;

  get isEmpty(): boolean {
    return this.#next === this.#end;
  }

  /** In characters. */
  get weight(): number {
    return this.#weight;
  }

  push(event: Event): void {
    if (lengthOf(event) <= MAX_DELTA_LENGTH) this.#append(event);
    else for (const piece of splitDelta(event, MAX_DELTA_LENGTH)) this.#append(piece as Event);
  }

  /** The oldest; undefined if there is none. */
  shift(): Event | undefined {
    const event = this.#events[this.#next];
    if (event === undefined) return undefined;
    this.#events[this.#next] = undefined;
    this.#next += 1;
    this.#weight -= lengthOf(event) + EVENT_WEIGHT;
    if (!this.isEmpty) return event;
    // Of an answer that is paced, each event is alone: its place is used again.
    if (this.#end === 1) this.#next = this.#end = 0;
    else this.clear();
    return event;
  }

  clear(): void {
    this.#events = [];
    this.#next = 0;
    this.#end = 0;
    this.#weight = 0;
  }

  #append(event: Event): void {
    const last = this.#end - 1;
    const tail = this.isEmpty ? undefined : this.#events[last];
    const merged = tail === undefined ? undefined : merge(tail, event);
    if (merged === undefined) {
      this.#events[this.#end] = event;
      this.#end += 1;
      this.#weight += EVENT_WEIGHT;
    } else {
      this.#events[last] = merged as Event;
    }
    this.#weight += lengthOf(event);
  }
}

/** Both as one, or undefined if they must stay apart. */
function merge(tail: ProviderEvent, event: ProviderEvent): ProviderEvent | undefined {
  if (lengthOf(tail) + lengthOf(event) > MAX_DELTA_LENGTH) return undefined;
  if (event.type === 'textDelta' && tail.type === 'textDelta') {
    if (event.phase !== tail.phase) return undefined;
    return { ...event, text: tail.text + event.text };
  }
  if (event.type === 'reasoningDelta' && tail.type === 'reasoningDelta') {
    return { type: 'reasoningDelta', text: tail.text + event.text };
  }
  if (event.type === 'refusalDelta' && tail.type === 'refusalDelta') {
    return { type: 'refusalDelta', text: tail.text + event.text };
  }
  if (event.type === 'toolCallDelta' && tail.type === 'toolCallDelta') {
    return mergeToolCall(tail, event);
  }
  return undefined;
}

function mergeToolCall(tail: ToolCallDelta, event: ToolCallDelta): ToolCallDelta | undefined {
  if (tail.index !== event.index) return undefined;
  return {
    ...(tail.id ? tail : event),
    name: tail.name || event.name,
    argumentsFragment: tail.argumentsFragment + event.argumentsFragment,
  };
}
