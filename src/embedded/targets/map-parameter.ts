/**
 * The map that bpf_map_elem, sockmap and bpf_sk_storage_map walk over: which types they take, and how far a program may
 * reach into keys and values. Sources: kernel/bpf/map_iter.c, net/core/sock_map.c and net/core/bpf_sk_storage.c of
 * Linux 6.18; facts/iterators.md 1.5.
 */
import type { IterParameters } from '../../kernel.ts';
import { mapTypeName } from '../../uapi/index.ts';
import { failure } from '../failure.ts';
import type { ContextSlots } from '../iter/context.ts';
import type { Attachment, IterTargetDefinition, ProgramFacts, TargetArgument, Walk } from '../iter/target.ts';
import type { EmbeddedMap } from '../maps/embedded-map.ts';
import type { TargetEnvironment } from './environment.ts';

const EACCES = 13;
const EBADF = 9;
const EINVAL = 22;

export interface MapTarget {
  readonly name: string;
  /** After `map`. */
  readonly arguments: readonly TargetArgument[];
  /** BPF_MAP_TYPE_* that it takes. */
  readonly types: ReadonlySet<number>;
  /** Bytes of the key and of the value that a program is given; undefined: it is given none. */
  sizes(map: EmbeddedMap): { readonly key?: number; readonly value?: number };
  open(map: EmbeddedMap, slots: ContextSlots): Walk;
}

/** Place of the map in the context. */
const MAP = 0;

export function mapTarget(env: TargetEnvironment, target: MapTarget): IterTargetDefinition {
  return {
    name: target.name,
    // The map is there also after the last element.
    arguments: [{ name: 'map', type: 'struct bpf_map *', atEnd: 'kept' }, ...target.arguments],
    sleepable: false,
    parameter: 'map',
    attach: (parameters, program) => attach(env, target, parameters, program),
  };
}

function attach(
  env: TargetEnvironment,
  target: MapTarget,
  { map: selector }: IterParameters,
  program: ProgramFacts,
): Attachment {
  const what = `attach program '${program.name}' (${program.section})`;
  if (selector === undefined) throw failure(EBADF, what);
  const map = env.openMap(selector);
  if (!target.types.has(map.type)) {
    const because = `the target does not iterate over maps of type ${mapTypeName(map.type) ?? map.type}`;
    throw failure(EINVAL, what, { because });
  }
  const { key = 0, value = 0 } = target.sizes(map);
  if (program.maxRdonlyAccess > key || program.maxRdwrAccess > value) {
    const because = `the program reads beyond the key (${map.keySize} bytes) or the value (${map.valueSize} bytes) of map '${map.name}'`;
    throw failure(EACCES, what, { because });
  }
  map.hold();
  return {
    info: { mapId: map.id },
    open: (slots) => {
      slots.pointer(MAP, map.address);
      return target.open(map, slots);
    },
    release: () => map.release(),
  };
}
