import { BREAKS } from './breaks.ts';
import { FAULTS } from './index.ts';
import { testFaults } from './test-faults.ts';

testFaults(FAULTS.filter((fault) => !fault.inRealTime && !BREAKS.includes(fault)));
