import { expect, it } from '@jest/globals';
import { Bookings } from '../../../src/money/budget/bookings.ts';
import { settled } from './books.ts';

it('a change waits for what is being booked, and what is to be booked for the change', async () => {
  const bookings = new Bookings();
  const said: string[] = [];
  const first = Promise.withResolvers<void>();
  const all = [
    bookings.book(() => first.promise.then(() => void said.push('first'))),
    bookings.change(() => void said.push('change')),
    bookings.book(async () => void said.push('second')),
  ];
  await settled();
  expect(said).toEqual([]);
  first.resolve();
  await Promise.all(all);
  expect(said).toEqual(['first', 'change', 'second']);
});

it('what fails holds up neither', async () => {
  const bookings = new Bookings();
  const fail = () => {
    throw new Error('No.');
  };
  const booked = bookings.book(async () => fail());
  const changed = bookings.change(fail);
  await expect(booked).rejects.toThrow('No.');
  await expect(changed).rejects.toThrow('No.');
  await bookings.change(() => {});
  await bookings.book(async () => {});
});
