import { describeRecorded } from '../recorded.ts';
import { cases, maps } from './cases.ts';

describeRecorded('loads, stores and atomics', cases, maps, new URL('recorded.json', import.meta.url));
