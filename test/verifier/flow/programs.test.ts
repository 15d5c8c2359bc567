import { describeRecorded } from '../recorded.ts';
import { cases, maps } from './cases.ts';

describeRecorded('programs as a whole', cases, maps, new URL('recorded.json', import.meta.url));
