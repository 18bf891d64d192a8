import { type Clock, systemClock, type Timer } from '../../src/core/clock.ts';

/** No machine is so slow, in ms. */
const PATIENT_MS = 60_000;

/** The system's, by which no silence is long while nothing hangs: for a whole app on a slow machine. */
export class PatientClock implements Clock {
  /** Whether it is so: a test whose server goes ends it before, also for silences that have begun. */
  isPatient = true;
  readonly now = systemClock.now;
  readonly after = systemClock.after;

  afterSilence(ms: number, callback: () => void): Timer {
    let began = this.now();
    const timer = systemClock.afterSilence(ms, () => {
      if (this.isPatient && this.now() - began < PATIENT_MS) timer.refresh();
      else callback();
    });
    return {
      refresh: () => {
        began = this.now();
        timer.refresh();
      },
      cancel: timer.cancel,
    };
  }
}
