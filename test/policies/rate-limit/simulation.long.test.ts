/** At its full size. */
import './simulation.test.ts';
