/**
 * A refusal as a person can act on it: where in the source, by which branches, what the register held and where that
 * came from, and what would mend it. Only the walk knows the path, so it is remembered when the program is refused
 * (recallMoment); the text is made of that when asked for (diagnose). Data in, text out.
 */
export { diagnose, type Refusal } from './diagnose.ts';
export { type Moment, recallMoment } from './moment.ts';
