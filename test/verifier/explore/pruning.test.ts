import { describeRecordedStates } from '../recorded-states.ts';
import { cases, maps } from './cases.ts';

describeRecordedStates('where paths meet', cases, maps, new URL('recorded-states.json', import.meta.url));
