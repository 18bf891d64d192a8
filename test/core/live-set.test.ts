import { expect, it } from '@jest/globals';
import { LiveSet, type Member } from '../../src/core/live-set.ts';

interface Named extends Member {
  readonly name: string;
}

function someOf(...names: readonly string[]) {
  const set = new LiveSet<Named>();
  const members = names.map((name): Named => ({ name, place: undefined }));
  for (const member of members) set.add(member);
  return { set, members };
}

const namesIn = (set: LiveSet<Named>): string[] => [...set].map(({ name }) => name).sort();

it.each([0, 1, 2])('is without the one that left, wherever it stood', (place) => {
  const { set, members } = someOf('a', 'b', 'c');
  const [gone] = members.splice(place, 1);
  if (gone === undefined) throw new Error('There is none.');
  expect(set.delete(gone)).toBe(true);
  expect(set.delete(gone)).toBe(false);
  expect(set.size).toBe(2);
  expect(namesIn(set)).toEqual(members.map(({ name }) => name));
  for (const member of members) expect(set.delete(member)).toBe(true);
  expect([...set]).toEqual([]);
});

it('has a member once, and again after it has left', () => {
  const { set, members } = someOf('a', 'b');
  for (const member of members) set.add(member);
  expect(namesIn(set)).toEqual(['a', 'b']);
  for (const member of members) set.delete(member);
  for (const member of members) set.add(member);
  expect(namesIn(set)).toEqual(['a', 'b']);
});

it('goes on over those that were members when it began, whoever leaves meanwhile', () => {
  const { set } = someOf('a', 'b', 'c', 'd');
  const seen: string[] = [];
  for (const member of set) {
    seen.push(member.name);
    set.delete(member);
  }
  expect(seen.sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(set.size).toBe(0);
});
