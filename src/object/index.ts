/**
 * BPF object files: from bytes to programs and maps (openObject), and from those to what a kernel is given (link).
 * libbpf's job up to, and not including, bpf(2). Bytes only, no I/O.
 */
export { BpfObject, type ObjectVariable } from './bpf-object.ts';
export { explainLog, refusalReason } from './explain-log.ts';
export { checkFeature, FEATURES, type FeatureEntry, versionHasFeature } from './features.ts';
export { parseKconfig } from './kconfig.ts';
export { type LinkOptions, link } from './link.ts';
export type {
  LinkedMap,
  LinkedObject,
  LinkedProgram,
  LinkedStructOps,
  MapReference,
  ModuleReference,
  PoisonedInstruction,
} from './linked.ts';
export { mainThreadsOnly, type ProgramTransform } from './main-threads.ts';
export type {
  AttachTarget,
  KconfigExtern,
  KconfigValueType,
  KsymExtern,
  MapOrigin,
  ObjectExtern,
  ObjectMap,
  ObjectProgram,
  StructOpsContent,
} from './model.ts';
export { type OpenOptions, openObject } from './open.ts';
export { type AttachKind, findSectionDefinition, SECTION_DEFINITIONS, type SectionDefinition } from './sections.ts';
export type { SourceLine } from './source-lines.ts';
export type { Feature, LinkTarget, ModuleBtf } from './target.ts';
