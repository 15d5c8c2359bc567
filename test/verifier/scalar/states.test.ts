import { describeRecorded } from '../recorded.ts';
import { describeRecordedStates } from '../recorded-states.ts';
import { answerCases, maps, stateCases } from './cases.ts';

describeRecordedStates('arithmetic and jumps', stateCases, maps, new URL('recorded-states.json', import.meta.url));
describeRecorded('arithmetic and jumps', answerCases, maps, new URL('recorded.json', import.meta.url));
