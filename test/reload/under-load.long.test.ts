/** At its full size: 200 reloads. */
import './under-load.test.ts';
