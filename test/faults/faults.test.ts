import { FAULTS } from './index.ts';
import { testFaults } from './test-faults.ts';

testFaults(FAULTS.filter(({ inRealTime }) => !inRealTime));
