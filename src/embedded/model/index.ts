/** The model: the types that the embedded kernel has, their BTF, and where their fields stand in memory. */
import { baseTypes } from './base-types.ts';
import { bpfObjects } from './bpf-objects.ts';
import { builtBtf } from './built-btf.ts';
import { cgroups } from './cgroups.ts';
import { contextConversions } from './context-conversions.ts';
import type { ModelPart } from './declarations.ts';
import { files } from './files.ts';
import { iteratorFiles } from './iterator-files.ts';
import { iteratorContexts } from './iterators.ts';
import {
  cpumaskKfuncs,
  dynptrKfuncs,
  iteratorKfuncs,
  kernelKfuncs,
  netKfuncs,
  objectKfuncs,
  textKfuncs,
} from './kfuncs.ts';
import { memory } from './memory.ts';
import { Model } from './model.ts';
import { network } from './network.ts';
import { packetHeaders } from './packet-headers.ts';
import { programObjects } from './program-objects.ts';
import { routes } from './routes.ts';
import { sockets } from './sockets.ts';
import { tasks } from './tasks.ts';
import { tcp } from './tcp.ts';
import { tracing } from './tracing.ts';
import { uapiContexts } from './uapi-contexts.ts';
import { uapiEnums } from './uapi-enums.ts';

export type { FieldRow, ModelPart } from './declarations.ts';
export { part, struct } from './declarations.ts';
export { btfOf, type FieldPlace, Model, type StructLayout } from './model.ts';
export { embeddedProfile } from './profile.ts';
export { EmbeddedTarget, type EmbeddedTargetOptions } from './target.ts';

/** Every part, in the order in which the page of the model shows them. */
export const modelParts: readonly ModelPart[] = [
  tasks,
  memory,
  files,
  cgroups,
  bpfObjects,
  iteratorFiles,
  sockets,
  tcp,
  routes,
  iteratorContexts,
  programObjects,
  network,
  packetHeaders,
  tracing,
  uapiContexts,
  uapiEnums,
  contextConversions,
  iteratorKfuncs,
  objectKfuncs,
  cpumaskKfuncs,
  dynptrKfuncs,
  textKfuncs,
  kernelKfuncs,
  netKfuncs,
  baseTypes,
];

/** The model of every embedded kernel. */
export const model = new Model(modelParts, builtBtf);

/** Size and fields of a struct of the model, found once and kept. @throws RangeError for one that it lacks */
export const layoutOf = (name: string) => model.layoutOf(name);
