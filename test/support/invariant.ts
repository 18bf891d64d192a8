import assert from 'node:assert/strict';
import type { Collected, WireMessage } from './grpc-client.ts';

/** The call's end and its messages tell the same: OK if and only if one `completed` came, last. */
export function expectInvariant({ messages, status }: Collected): void {
  const completed = messages.flatMap(({ event }, index) => (event === 'completed' ? [index] : []));
  assert.deepEqual(completed, status.code === 0 ? [messages.length - 1] : []);
  const sequences = messages.map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    messages.map((_, index) => index + 1),
  );
}

/** The text of an answer, joined. */
export function textOf(messages: readonly WireMessage[]): string {
  return messages
    .map(({ textDelta }) => (textDelta as { text: string } | null)?.text ?? '')
    .join('');
}

/** What each attempt delivered of which the caller saw anything, the last one at the end. */
export function textsOf(messages: readonly WireMessage[]): readonly string[] {
  const resets = messages.flatMap(({ event }, at) => (event === 'attemptReset' ? [at] : []));
  const bounds = [0, ...resets, messages.length];
  return bounds.slice(1).map((end, index) => textOf(messages.slice(bounds[index], end)));
}
