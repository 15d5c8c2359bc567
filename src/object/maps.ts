/**
 * A map as the parser makes it: what users see and may change (model.ts), and beside it what only the parser and
 * the linker need to know about where it came from.
 */
import { BPF_OBJ_NAME_LEN } from '../uapi/index.ts';
import type { MapOrigin, ObjectMap, ObjectProgram, StructOpsContent } from './model.ts';

export type MapSlot = { readonly map: ObjectMap } | { readonly program: ObjectProgram } | undefined;

/** Everything that is not the default of a new map. */
export interface MapAttributes {
  readonly name: string;
  /** For maps whose name in the kernel is not the beginning of their name. */
  readonly kernelName?: string;
  readonly origin: MapOrigin;
  readonly section: string;
  /** Where in the file it was declared. */
  readonly sectionIndex: number;
  readonly sectionOffset?: number;
  readonly type: number;
  readonly keySize?: number;
  readonly valueSize?: number;
  readonly maxEntries?: number;
  readonly flags?: number;
  readonly extra?: bigint;
  readonly numaNode?: number;
  readonly btfKeyTypeId?: number;
  readonly btfValueTypeId?: number;
  readonly pinByName?: boolean;
  readonly autocreate?: boolean;
  readonly inner?: ObjectMap | undefined;
  readonly initialValue?: Uint8Array;
  readonly readOnly?: boolean;
  readonly structOps?: StructOpsContent;
}

export class ParsedMap implements ObjectMap {
  readonly name: string;
  readonly kernelName: string;
  readonly origin: MapOrigin;
  readonly section: string;
  readonly sectionIndex: number;
  readonly sectionOffset: number;
  autocreate: boolean;
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  extra: bigint;
  numaNode: number;
  ifindex = 0;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  pinByName: boolean;
  pinPath: string | undefined = undefined;
  reuseFd: number | undefined = undefined;
  readonly inner: ObjectMap | undefined;
  readonly slots: MapSlot[] = [];
  readonly initialValue: Uint8Array | undefined;
  readonly readOnly: boolean;
  readonly structOps: StructOpsContent | undefined;

  constructor(attributes: MapAttributes) {
    this.name = attributes.name;
    this.kernelName = attributes.kernelName ?? cutToKernelName(attributes.name);
    this.origin = attributes.origin;
    this.section = attributes.section;
    this.sectionIndex = attributes.sectionIndex;
    this.sectionOffset = attributes.sectionOffset ?? 0;
    this.autocreate = attributes.autocreate ?? true;
    this.type = attributes.type;
    this.keySize = attributes.keySize ?? 0;
    this.valueSize = attributes.valueSize ?? 0;
    this.maxEntries = attributes.maxEntries ?? 0;
    this.flags = attributes.flags ?? 0;
    this.extra = attributes.extra ?? 0n;
    this.numaNode = attributes.numaNode ?? 0;
    this.btfKeyTypeId = attributes.btfKeyTypeId ?? 0;
    this.btfValueTypeId = attributes.btfValueTypeId ?? 0;
    this.pinByName = attributes.pinByName ?? false;
    this.inner = attributes.inner;
    this.initialValue = attributes.initialValue;
    this.readOnly = attributes.readOnly ?? false;
    this.structOps = attributes.structOps;
  }
}

/** The first 15 bytes: the kernel's names have room for no more. */
export function cutToKernelName(name: string): string {
  return name.slice(0, BPF_OBJ_NAME_LEN - 1);
}

/** The map of a name as users know it, or of a data section (`.rodata`, `.kconfig`). */
export function findMap<Map extends ObjectMap>(maps: readonly Map[], name: string): Map | undefined {
  const isInternal = ({ origin }: ObjectMap) => origin === 'data' || origin === 'kconfig';
  return name.startsWith('.')
    ? maps.find((map) => isInternal(map) && map.section === name)
    : maps.find((map) => map.name === name);
}
