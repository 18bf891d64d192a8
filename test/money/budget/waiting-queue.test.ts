import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Waiting, WaitingQueue } from '../../../src/money/budget/waiting-queue.ts';

class Person implements Waiting<Person> {
  readonly order: number;
  before: Person | undefined;
  behind: Person | undefined;

  constructor(order: number) {
    this.order = order;
  }
}

function ordersIn(queue: WaitingQueue<Person>): number[] {
  const orders: number[] = [];
  for (let person = queue.first; person !== undefined; person = person.behind) {
    orders.push(person.order);
  }
  return orders;
}

describe('a waiting queue', () => {
  it('is first come, first served', () => {
    const queue = new WaitingQueue<Person>();
    for (const order of [1, 2, 3]) queue.join(new Person(order));
    expect(ordersIn(queue)).toEqual([1, 2, 3]);
  });

  it('lets who came earlier to another queue stand before who came later', () => {
    const queue = new WaitingQueue<Person>();
    for (const order of [2, 5, 9, 7, 1]) queue.join(new Person(order));
    expect(ordersIn(queue)).toEqual([1, 2, 5, 7, 9]);
  });

  it('closes up when somebody leaves', () => {
    const queue = new WaitingQueue<Person>();
    const people = [1, 2, 3, 4].map((order) => new Person(order));
    for (const person of people) queue.join(person);
    for (const [left, rest] of [
      [1, [1, 3, 4]],
      [3, [1, 3]],
      [0, [3]],
      [2, []],
    ] as const) {
      const person = people[left];
      if (person !== undefined) queue.leave(person);
      expect(ordersIn(queue)).toEqual(rest);
      expect(queue.size).toBe(rest.length);
    }
  });

  it('is in order whoever comes and goes', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1_000)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (script) => {
        const queue = new WaitingQueue<Person>();
        const inside = new Map<number, Person>();
        for (const [joins, order] of script) {
          const person = inside.get(order);
          if (joins && person === undefined) {
            const joining = new Person(order);
            inside.set(order, joining);
            queue.join(joining);
          } else if (!joins && person !== undefined) {
            inside.delete(order);
            queue.leave(person);
          }
        }
        expect(ordersIn(queue)).toEqual([...inside.keys()].sort((a, b) => a - b));
        expect(queue.size).toBe(inside.size);
      }),
    );
  });
});
