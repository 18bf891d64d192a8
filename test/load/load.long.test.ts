import './load.test.ts';
