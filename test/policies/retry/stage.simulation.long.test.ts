/** At its full size. */
import './stage.simulation.test.ts';
