/** At its full size. */
import './round-trip.test.ts';
