import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AccountAnswer,
  type AccountReport,
  argumentsOf,
  readAnswers,
} from '../../../src/shared-store/budgets/account-report.ts';
import { BUDGET_SCRIPT } from '../../../src/shared-store/budgets/script.ts';
import { defineScript } from '../../../src/shared-store/redis/script.ts';
import type { SidecarIdentity } from '../../../src/shared-store/redis/sidecar.ts';
import { fewOrMany } from '../../support/long.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { redisOfBlock } from '../support.ts';

describeWithRedis('the script of budgets', () => {
  const redis = redisOfBlock();

  const NAMES = ['a', 'b', 'c'] as const;
  const LONG_MS = 600_000;
  /** A lease that is over before the next report. */
  const SHORT_MS = 0;

  /** A report, as it went to the redis.server. */
  interface Sent {
    readonly sidecar: SidecarIdentity;
    readonly leaseMs: number;
    readonly report: AccountReport;
  }

  /** A sidecar as the model has it: what it did spend, whatever it reported, and what it may spend. */
  interface Modelled {
    session: number;
    base: bigint;
    spent: bigint;
    granted: bigint;
    known: boolean;
  }

  const amounts = fc.bigInt({ min: 0n, max: 9_000_000_000_000n });
  const shares = fc.nat(1_000);
  /** Sidecars want little enough for several of them to get it. */
  const smallShares = fc.nat(400);
  const names = fc.constantFrom(...NAMES);

  const steps = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('report' as const),
        name: names,
        kept: shares,
        need: smallShares,
        wish: smallShares,
        arrives: fc.constantFrom('at once', 'at once', 'unanswered', 'late'),
        dies: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('spend' as const), name: names, share: shares }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), name: names }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver' as const), which: fc.nat() }) },
  );

  type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

  let keys = 0;

  class Machine {
    readonly #limit: bigint;
    readonly #key = `account-${++keys}`;
    readonly #sidecars = new Map<string, Modelled>();
    readonly #sent: Sent[] = [];
    #sequence = 0;

    constructor(limit: bigint) {
      this.#limit = limit;
      for (const name of NAMES) this.#sidecars.set(name, fresh(0, 0n));
    }

    async take(step: Step): Promise<void> {
      switch (step.kind) {
        case 'report':
          await this.#report(step);
          break;
        case 'spend':
          this.#spend(step.name, step.share);
          break;
        case 'restart': {
          const { session, base, spent } = this.#of(step.name);
          // Its ledger knows what it has spent under this name.
          this.#sidecars.set(step.name, fresh(session + 1, base + spent));
          break;
        }
        case 'deliver':
          await this.#deliver(step.which);
          break;
      }
      await this.#check();
    }

    async #report(step: Extract<Step, { kind: 'report' }>): Promise<void> {
      const sidecar = this.#of(step.name);
      const holding = sidecar.granted - sidecar.base;
      const keep = sidecar.spent + part(holding - sidecar.spent, step.kept);
      sidecar.granted = sidecar.base + keep;
      const { known } = sidecar;
      sidecar.known &&= sidecar.granted > 0n;
      this.#sequence += 1;
      const sent: Sent = {
        sidecar: asSidecar(step.name, sidecar.session),
        leaseMs: step.dies ? SHORT_MS : LONG_MS,
        report: {
          key: this.#key,
          limit: this.#limit,
          expiresAt: 0,
          sequence: this.#sequence,
          known,
          base: sidecar.base,
          spent: sidecar.spent,
          keep,
          need: keep + part(this.#limit, step.need),
          wish: sidecar.spent + part(this.#limit, step.wish),
          claiming: false,
          closing: false,
        },
      };
      this.#sent.push(sent);
      if (step.arrives === 'late') return;
      const answer = await send(sent);
      if (step.arrives === 'at once') this.#learn(sidecar, answer);
    }

    #learn(sidecar: Modelled, answer: AccountAnswer): void {
      if (answer.kind !== 'granted') throw new Error(`It answers ${answer.kind}.`);
      expect(answer.lost).toBe(false);
      sidecar.base = answer.base;
      sidecar.granted = answer.granted;
      sidecar.known = answer.granted > 0n;
    }

    /** Of what it may. */
    #spend(name: string, share: number): void {
      const sidecar = this.#of(name);
      sidecar.spent += part(sidecar.granted - sidecar.base - sidecar.spent, share);
    }

    /** Something that was under way arrives late, or again. */
    async #deliver(which: number): Promise<void> {
      const sent = this.#sent[which % Math.max(1, this.#sent.length)];
      if (sent !== undefined) await send(sent);
    }

    async #check(): Promise<void> {
      let spent = 0n;
      for (const sidecar of this.#sidecars.values()) spent += sidecar.base + sidecar.spent;
      expect(spent <= this.#limit).toBe(true);
      const granted = await grants(this.#key);
      for (const [name, { granted: held }] of this.#sidecars) {
        expect((granted.get(name) ?? 0n) >= held).toBe(true);
      }
      expect([...granted.values()].reduce((sum, amount) => sum + amount, 0n) <= this.#limit).toBe(
        true,
      );
    }

    #of(name: string): Modelled {
      const sidecar = this.#sidecars.get(name);
      if (sidecar === undefined) throw new Error(`There is no sidecar ${name}.`);
      return sidecar;
    }
  }

  function fresh(session: number, spent: bigint): Modelled {
    return { session, base: 0n, spent, granted: 0n, known: false };
  }

  function asSidecar(name: string, session: number): SidecarIdentity {
    return { name, recovers: true, session: String(session), startedAt: session };
  }

  /** @param share in thousandths */
  function part(amount: bigint, share: number): bigint {
    return amount > 0n ? (amount * BigInt(share)) / 1_000n : 0n;
  }

  async function send({ sidecar, leaseMs, report }: Sent): Promise<AccountAnswer> {
    const args = argumentsOf(sidecar, leaseMs, [report]);
    const [answer] = readAnswers(
      await redis.connection.run(BUDGET_SCRIPT, [report.key, 'leases'], args),
    );
    if (answer === undefined) throw new Error('There is no answer.');
    return answer;
  }

  const READ = defineScript(`return redis.call('HGETALL', KEYS[1])`);

  /** What each may spend, as the server has it. */
  async function grants(key: string): Promise<ReadonlyMap<string, bigint>> {
    const words = (await redis.connection.run(READ, [key], [])) as readonly string[];
    const found = new Map<string, bigint>();
    for (const [index, name] of words.entries()) {
      const [, , , , granted = ''] = (words[index + 1] ?? '').split(' ');
      if (index % 2 === 0 && name !== '@') found.set(name, BigInt(granted));
    }
    return found;
  }

  it('never lets sidecars spend more than the limit, whatever is lost, repeated, killed or restarted', async () => {
    await fc.assert(
      fc.asyncProperty(
        amounts,
        fc.array(steps, { minLength: 5, maxLength: 60 }),
        async (limit, list) => {
          const machine = new Machine(limit);
          for (const step of list) await machine.take(step);
        },
      ),
      { numRuns: fewOrMany(80, 250) },
    );
  });
});
