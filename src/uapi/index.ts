/**
 * Numbers and names of the bpf(2) interface (uapi): the tables that everything above reads. No logic, no state.
 */
export * from './attach-types.ts';
export * from './commands.ts';
export { errnoDescription, errnoName, errnoNumber } from './errno.ts';
export * from './flags.ts';
export { helperId, helperName, lastHelperId } from './helper-functions.ts';
export { type IterTargetEntry, iterTargets, type OpenCodedIteratorEntry, openCodedIterators } from './iterators.ts';
export * from './link-types.ts';
export * from './map-types.ts';
export * from './program-types.ts';
export type { UapiEntry } from './table.ts';
