import { describe, expect, it, jest } from '@jest/globals';
import { type EventProducer, EventQueue } from '../../src/core/event-queue.ts';
import type { ProviderEvent } from '../../src/core/events.ts';
import { completed as aCompleted, text } from '../support/events.ts';

const toolCall = (index: number, argumentsFragment: string, id = '', name = ''): ProviderEvent => ({
  type: 'toolCallDelta',
  index,
  id,
  name,
  argumentsFragment,
});

const completed = aCompleted();

function newProducer() {
  return {
    start: jest.fn<EventProducer['start']>(),
    pause: jest.fn<EventProducer['pause']>(),
    resume: jest.fn<EventProducer['resume']>(),
    cancel: jest.fn<EventProducer['cancel']>(),
  };
}

/** A queue whose consumer waits for the first event. */
function openQueue(highWaterMark?: number) {
  const producer = newProducer();
  const queue = new EventQueue(producer, highWaterMark);
  return { producer, queue, first: queue.next() };
}

describe('EventQueue', () => {
  it('starts its producer with the first next() and not again', async () => {
    const producer = newProducer();
    const queue = new EventQueue(producer);
    expect(queue[Symbol.asyncIterator]()).toBe(queue);
    expect(producer.start).not.toHaveBeenCalled();
    const first = queue.next();
    queue.push(completed);
    await first;
    void queue.next();
    expect(producer.start).toHaveBeenCalledTimes(1);
  });

  it('delivers events in order and then ends', async () => {
    const { queue, first } = openQueue();
    queue.push(text('a', 1));
    queue.push(completed);
    queue.end();
    expect(await first).toEqual({ done: false, value: text('a', 1) });
    expect(await queue.next()).toEqual({ done: false, value: completed });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('hands a waiting consumer everything that one callback pushed as one event', async () => {
    const { queue, first } = openQueue();
    for (const [i, piece] of ['He', 'll', 'o'].entries()) queue.push(text(piece, i + 1));
    expect(await first).toEqual({ done: false, value: text('Hello', 3) });
  });

  it('merges adjacent deltas of one kind and keeps the others apart', async () => {
    const { queue, first } = openQueue();
    const events: ProviderEvent[] = [
      { type: 'reasoningDelta', text: 'r1' },
      { type: 'reasoningDelta', text: 'r2' },
      text('t1', 3),
      text('t2', 4),
      { type: 'refusalDelta', text: 'no' },
      { type: 'refusalDelta', text: '!' },
      toolCall(0, '', 'id0', 'f'),
      toolCall(0, '{}'),
      toolCall(1, '[', 'id1', 'g'),
      toolCall(1, ']'),
    ];
    for (const event of events) queue.push(event);
    queue.end();
    const received = [(await first).value];
    for await (const event of queue) received.push(event);
    expect(received).toEqual([
      { type: 'reasoningDelta', text: 'r1r2' },
      text('t1t2', 4),
      { type: 'refusalDelta', text: 'no!' },
      toolCall(0, '{}', 'id0', 'f'),
      toolCall(1, '[]', 'id1', 'g'),
    ]);
  });

  it('keeps an id and a name that come late', async () => {
    const { queue, first } = openQueue();
    queue.push(toolCall(0, '{'));
    queue.push(toolCall(0, '}', 'id0', 'f'));
    expect((await first).value).toEqual(toolCall(0, '{}', 'id0', 'f'));
  });

  it('does not change an event that the consumer already has', async () => {
    const { queue, first } = openQueue();
    queue.push(text('a', 1));
    const { value } = await first;
    queue.push(text('b', 2));
    expect(value).toEqual(text('a', 1));
    expect((await queue.next()).value).toEqual(text('b', 2));
  });

  it('lets no merged delta grow beyond 64 Ki characters', async () => {
    const { queue, first } = openQueue();
    const piece = 'x'.repeat(40 * 1024);
    queue.push(text(piece, 1));
    queue.push(text(piece, 1));
    expect((await first).value).toEqual(text(piece, 1));
    expect((await queue.next()).value).toEqual(text(piece, 1));
  });

  it('pauses its producer once above the high-water mark and resumes it below half of it', async () => {
    const { queue, producer, first } = openQueue(1000);
    queue.push({ type: 'reasoningDelta', text: 'r'.repeat(500) });
    expect(producer.pause).not.toHaveBeenCalled();
    queue.push(text('t'.repeat(500)));
    queue.push(text('t'));
    expect(producer.pause).toHaveBeenCalledTimes(1);
    await first;
    expect(producer.resume).not.toHaveBeenCalled();
    await queue.next();
    expect(producer.resume).toHaveBeenCalledTimes(1);
  });

  it('counts events without text too', () => {
    const { queue, producer } = openQueue(1000);
    for (let i = 0; i < 16; i++) queue.push(toolCall(i, ''));
    expect(producer.pause).toHaveBeenCalledTimes(1);
  });

  it('takes what its producer pushes while it is resumed', async () => {
    const { queue, producer, first } = openQueue(100);
    producer.resume.mockImplementation(() => queue.push(completed));
    queue.push(text('t'.repeat(200)));
    expect((await first).value).toEqual(text('t'.repeat(200)));
    expect((await queue.next()).value).toEqual(completed);
  });

  it('does not resume a producer that has ended', async () => {
    const { queue, producer, first } = openQueue(100);
    queue.push(text('t'.repeat(200)));
    queue.end();
    await first;
    expect(producer.resume).not.toHaveBeenCalled();
  });

  it('delivers what is queued before it throws the failure, once', async () => {
    const { queue, first } = openQueue();
    const failure = new Error('broken');
    queue.push(text('a', 1));
    queue.fail(failure);
    queue.fail(new Error('too late'));
    expect((await first).value).toEqual(text('a', 1));
    queue.push(text('too late', 1));
    await expect(queue.next()).rejects.toBe(failure);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('drops what is queued when the call is aborted', async () => {
    const { queue, first } = openQueue();
    queue.push(text('a', 1));
    await first;
    queue.push(text('b', 1));
    const reason = new Error('cancelled');
    queue.discard();
    queue.push(text('c', 2));
    queue.fail(reason);
    await expect(queue.next()).rejects.toBe(reason);
  });

  it('throws a failure at a consumer that waits', async () => {
    const { queue, first } = openQueue();
    const failure = new Error('broken');
    queue.fail(failure);
    await expect(first).rejects.toBe(failure);
  });

  it('delivers a complete answer although the call is aborted behind it', async () => {
    const { queue, first } = openQueue();
    queue.push(completed);
    queue.end();
    queue.discard();
    queue.fail(new Error('too late'));
    expect((await first).value).toEqual(completed);
    expect((await queue.next()).done).toBe(true);
  });

  it('cancels its producer when the consumer leaves before the end', async () => {
    const { queue, producer, first } = openQueue();
    queue.push(text('a', 1));
    await first;
    queue.push(text('b', 1));
    expect(await queue.return()).toEqual({ done: true, value: undefined });
    await queue.return();
    expect(producer.cancel).toHaveBeenCalledTimes(1);
    queue.push(text('c'));
    expect((await queue.next()).done).toBe(true);
  });

  it('ends a next() that waits when the consumer leaves', async () => {
    const { queue, first } = openQueue();
    await queue.return();
    expect((await first).done).toBe(true);
  });

  it.each(['end', 'fail'] as const)('has nothing to cancel after %s()', async (ending) => {
    const { queue, producer } = openQueue();
    queue.push(completed);
    queue[ending](new Error('broken'));
    await queue.return();
    expect(producer.cancel).not.toHaveBeenCalled();
  });

  it('neither starts nor cancels a producer if the consumer never asked', async () => {
    const producer = newProducer();
    const queue = new EventQueue(producer);
    await queue.return();
    expect((await queue.next()).done).toBe(true);
    expect(producer.start).not.toHaveBeenCalled();
    expect(producer.cancel).not.toHaveBeenCalled();
  });

  it('answers overlapping next() calls in their order', async () => {
    const { queue, first } = openQueue();
    const second = queue.next();
    const third = queue.next();
    queue.push(text('a', 1));
    queue.push(completed);
    queue.end();
    const results = await Promise.all([first, second, third]);
    expect(results.map((result) => result.value)).toEqual([text('a', 1), completed, undefined]);
  });
});
