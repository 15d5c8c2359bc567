import { describeRecorded } from '../recorded.ts';
import { cases, maps } from './cases.ts';

describeRecorded('calls of helpers', cases, maps, new URL('recorded.json', import.meta.url));
