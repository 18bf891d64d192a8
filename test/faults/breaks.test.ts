import { BREAKS } from './breaks.ts';
import { testFaults } from './test-faults.ts';

// Beside the other faults: much of it is waiting.
testFaults(BREAKS.filter(({ inRealTime }) => !inRealTime));
