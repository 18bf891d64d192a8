import type { ObservableResult } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import { PerModel } from '../../core/per-model.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import type { CircuitState } from './circuit.ts';
import { Circuit } from './circuit.ts';
import type { BreakerOptions } from './options.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface BreakerDeps {
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'circuitState'>;
  readonly labels: Pick<ModelLabels, 'label'>;
  /** Is told when a circuit opens (warn) and closes (info). */
  readonly log: Pick<ProviderLog, 'info' | 'warn'>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Where calls wait for a circuit. */
  readonly room: WaitingRoom;
}

/** What the gauge shows. */
const LEVELS: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

/** The circuits of one upstream, one per model, made when a model is first asked. */
export class CircuitBreakers {
  readonly #upstream: string;
  #options: BreakerOptions;
  readonly #deps: BreakerDeps;
  readonly #circuits = new PerModel((model) => this.#create(model), dropOne);

  /** @param upstream its name: `default`, or one of the configuration's `targets` */
  constructor(upstream: string, options: BreakerOptions, deps: BreakerDeps) {
    this.#upstream = upstream;
    this.#options = options;
    this.#deps = deps;
    deps.instruments.circuitState.addCallback(this.#observe);
  }

  /** By which circuits open and close from now on. They stay as they stand. */
  configure(options: BreakerOptions): void {
    this.#options = options;
    for (const [, circuit] of this.#circuits) circuit.configure(options);
  }

  get enabled(): boolean {
    return this.#options.enabled;
  }

  /** Epoch ms. */
  now(): number {
    return this.#deps.clock.now();
  }

  get room(): WaitingRoom {
    return this.#deps.room;
  }

  /** The circuit of a model by its id. */
  circuit(model: string): Circuit {
    return this.#circuits.use(model);
  }

  state(model: string): CircuitState {
    return this.#circuits.peek(model)?.state ?? 'closed';
  }

  /** Whether an attempt at a model, by its id, would be let through now. */
  admits(model: string): boolean {
    const circuit = this.#circuits.peek(model);
    if (circuit === undefined || !this.enabled) return true;
    return circuit.state === 'closed' || circuit.nextProbeAt <= this.now();
  }

  /** Of the models that were asked, by their ids. */
  circuits(): Iterable<
    [model: string, circuit: Pick<Circuit, 'state' | 'changedAt' | 'nextProbeAt'>]
  > {
    return this.#circuits;
  }

  /** Of the models that were asked, by their ids. */
  *states(): Generator<[model: string, state: CircuitState]> {
    for (const [model, { state }] of this.#circuits) yield [model, state];
  }

  /** Shows nothing of it any more. */
  hide(): void {
    this.#deps.instruments.circuitState.removeCallback(this.#observe);
  }

  /** Forgets all circuits, and stops their timers. */
  close(): void {
    this.hide();
    for (const [, circuit] of this.#circuits) circuit.close();
    this.#circuits.clear();
  }

  #create(model: string): Circuit {
    const { clock, log, random, room } = this.#deps;
    const fields = { target: this.#upstream, model };
    let isOutage = false;
    const circuit: Circuit = new Circuit(this.#options, clock, random, (state) => {
      const { openForMs } = circuit;
      // Not again after each probe that failed: the outage is the same.
      if (state === 'open' && !isOutage)
        log.warn({ ...fields, open_for_ms: openForMs }, 'circuit opened');
      if (state === 'closed') log.info(fields, 'circuit closed');
      if (state !== 'free') isOutage = state === 'open';
      room.look(circuit);
    });
    return circuit;
  }

  /** Models that share a label show as the worst of them. */
  readonly #observe = (gauge: ObservableResult): void => {
    const levels = new Map<string, number>();
    for (const [model, state] of this.states()) {
      const label = this.#deps.labels.label(model);
      levels.set(label, Math.max(levels.get(label) ?? 0, LEVELS[state]));
    }
    for (const [label, level] of levels) {
      gauge.observe(level, {
        [ATTRIBUTE.target]: this.#upstream,
        [ATTRIBUTE.genAiRequestModel]: label,
      });
    }
  };
}

/** A closed circuit if there is one: that loses only counts. */
function dropOne(circuits: PerModel<Circuit>): void {
  const dropped = circuits.drop(({ state }) => state === 'closed') ?? circuits.drop(() => true);
  dropped?.close();
}
