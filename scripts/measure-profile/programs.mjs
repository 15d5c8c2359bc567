/** Part `program-types`: what programs of each kind may do besides calling functions and reading their context. */
import { tryCreateMap } from '../../dist/host/maps.js';
import { attachTypes, BPF_MAP_TYPE_SOCKMAP, helperId, programTypes } from '../../dist/uapi/index.js';
import {
  add,
  callHelper,
  callSubprogram,
  copy,
  exit,
  jump,
  load,
  loadMap,
  mov,
  registerOf,
  returnIfNull,
  stackAddress,
  store,
  tryLoad,
  tryLoadVerbosely,
  zeroStack,
} from './ask.mjs';
import { array, cell, comment, literal, object } from './emit.mjs';
import { groupBy, keysByValue } from './keys.mjs';
import { goodReturn, kinds } from './kinds.mjs';

/** `[0, 1]`, from what the kernel says of an unknown r0; undefined if it takes any. */
function returnRange(kind) {
  // What is on the stack before anything is written is any number, for the privileged.
  const { accepted, message } = tryLoad(kind, [load(0, 10, -8), exit]);
  if (accepted) return undefined;
  const range = /should have been in (\[-?\d+, -?\d+\])/.exec(message)?.[1];
  if (range === undefined) throw new Error(`${kind.path.join('/')}: return of an unknown number: ${message}`);
  return range;
}

/** Where the context has pkt and pkt_end: { data, end, width }. */
function packetFields(kind) {
  const places = new Map();
  for (const width of [4, 8]) {
    for (let offset = 0; offset < 256; offset += 4) {
      const { accepted, log } = tryLoadVerbosely(kind, [load(2, 1, offset, width), goodReturn(kind), exit]);
      if (accepted) places.set(registerOf(log, 2), { offset, width });
    }
  }
  const data = places.get('pkt');
  const end = places.get('pkt_end');
  return data && end && { data: data.offset, end: end.offset, width: data.width };
}

/** 'read' or 'write', what programs may do with the bytes of a packet; undefined without one. */
function packetAccess(kind) {
  const fields = packetFields(kind);
  if (fields === undefined) return undefined;
  const accessing = (access) =>
    tryLoad(kind, [
      load(2, 1, fields.data, fields.width),
      load(3, 1, fields.end, fields.width),
      copy(4, 2),
      add(4, 8),
      jump('gt', 4, { register: 3 }, 1),
      access,
      goodReturn(kind),
      exit,
    ]).accepted;
  if (accessing(store(2, 0, { immediate: 0 }, 1))) return 'write';
  return accessing(load(5, 2, 0, 1)) ? 'read' : undefined;
}

const mayLoadAbsolute = (kind) =>
  tryLoad(kind, [copy(6, 1), { kind: 'ld_abs', size: 1, imm: 0 }, goodReturn(kind), exit]).accepted;

/** Whether two frames together may have more than 512 bytes. */
const hasPrivateStack = (kind) =>
  tryLoad(kind, [
    store(10, -400, { immediate: 0 }),
    callSubprogram(2),
    goodReturn(kind),
    exit,
    store(10, -400, { immediate: 0 }),
    mov(0, 0),
    exit,
  ]).accepted;

const sockmap = tryCreateMap({ map_type: BPF_MAP_TYPE_SOCKMAP, key_size: 4, value_size: 4, max_entries: 1 });
const key = -16;

const mayDeleteFromSockmap = (kind) =>
  tryLoad(kind, [
    ...zeroStack,
    loadMap(1, sockmap),
    ...stackAddress(2, key),
    callHelper(helperId('bpf_map_delete_elem')),
    goodReturn(kind),
    exit,
  ]).accepted;

/** Instructions that leave a socket in r7, by how it is come by; those of them that this kind may use. */
function* socketSources(kind) {
  for (let offset = 0; offset < 256; offset += 8) {
    const { accepted, log } = tryLoadVerbosely(kind, [load(7, 1, offset), goodReturn(kind), exit]);
    const register = accepted ? registerOf(log, 7) : '';
    if (/^sock(_common)?_or_null$|_or_null_ (sock|sock_common|udp_sock)$/.test(register)) {
      yield { get: [load(7, 1, offset), jump('ne', 7, { immediate: 0 }, 2), goodReturn(kind), exit], put: [] };
    } else if (/^sock(_common)?$/.test(register)) yield { get: [load(7, 1, offset)], put: [] };
  }
  const lookup = [copy(1, 6), ...stackAddress(2, -64), mov(3, 12), mov(4, -1), mov(5, 0)];
  yield {
    get: [...lookup, callHelper(helperId('bpf_sk_lookup_tcp')), copy(7, 0), ...returnIfNull(0)],
    put: [copy(1, 7), callHelper(helperId('bpf_sk_release'))],
  };
}

/** Undefined if no socket can be come by, with which to ask. */
function mayUpdateSockmap(kind) {
  for (const { get, put } of socketSources(kind)) {
    const { accepted, log } = tryLoad(kind, [
      copy(6, 1),
      ...zeroStack,
      ...get,
      loadMap(1, sockmap),
      ...stackAddress(2, key),
      copy(3, 7),
      mov(4, 0),
      callHelper(helperId('bpf_map_update_elem')),
      ...put,
      goodReturn(kind),
      exit,
    ]);
    if (accepted) return true;
    if (log.includes('cannot update sockmap in this context')) return false;
  }
  return undefined;
}

function sockmapOperations(kind) {
  if (!mayDeleteFromSockmap(kind)) return undefined;
  return (mayUpdateSockmap(kind) ?? true) ? 'update delete' : 'delete';
}

const needsGpl = (kind) => !tryLoad(kind, [goodReturn(kind), exit], { license: 'Proprietary' }).accepted;

/** Of each kind's sleepable and other variants, which there are. */
function sleepability(variants) {
  const sleepable = variants.some((kind) => kind.sleepable);
  const plain = variants.some((kind) => !kind.sleepable);
  return sleepable ? (plain ? 'may' : 'must') : undefined;
}

function measureRules() {
  const variantsOf = groupBy(kinds, ({ path }) => path.join('/'));
  const measured = [...variantsOf.values()].map((variants) => {
    const kind = variants.find(({ sleepable }) => !sleepable) ?? variants[0];
    const returns = variants.map(returnRange);
    if (new Set(returns).size > 1) throw new Error(`${kind.path.join('/')}: sleepable programs return differently`);
    const sockmaps = sockmapOperations(kind);
    const sleepable = sleepability(variants);
    const packet = packetAccess(kind);
    const rules = {
      returns: returns[0],
      sleepable: sleepable && literal(sleepable),
      gplOnly: needsGpl(kind) ? 'true' : undefined,
      packet: packet && literal(packet),
      loadAbsolute: mayLoadAbsolute(kind) ? 'true' : undefined,
      privateStack: hasPrivateStack(kind) ? 'true' : undefined,
      sockmap: sockmaps && literal(sockmaps),
    };
    return { kind: { ...kind, sleepable: false }, value: JSON.stringify(rules) };
  });
  return [...keysByValue(measured)].map(([value, programs]) =>
    object({ programs: cell(programs), ...JSON.parse(value) }),
  );
}

/** Program types with the attach types that loading takes; types that cannot be loaded without a target are left out. */
function measureLoadable() {
  const rows = [];
  for (const { id, name } of programTypes) {
    const taken = [];
    let asked = 0;
    for (const attach of attachTypes) {
      const kind = { type: id, attach: attach.id, btfId: 0, sleepable: name === 'syscall' };
      const { accepted, message } = tryLoad(kind, [goodReturn(kind), exit]);
      asked++;
      // Only the test of the attach type comes before there is a log.
      if (accepted || message !== '') taken.push(attach.name);
    }
    if (taken.length === 0 || name === 'tracing' || name === 'struct_ops') continue;
    rows.push(object({ type: literal(name), attachTypes: taken.length === asked ? undefined : cell(taken) }));
  }
  return rows;
}

export function measureProgramTypes() {
  const rules = measureRules();
  const loadable = measureLoadable();
  return (kernel) =>
    comment([
      'What programs of each kind may do besides calling functions and touching their context, and which attach types',
      'each program type loads with.',
      '',
      `Measured on ${kernel} by scripts/measure-profile.mjs, a question being a program of a few instructions. Where no socket can`,
      'be come by to put into a sockmap, `update` is taken to be as `delete`. Left out: kinds that the measuring machine does',
      'not load (trampolines.ts).',
    ]) +
    `import type { LoadableRow, ProgramRow } from '../program-rules.ts';

export const programRules: readonly ProgramRow[] = ${array(rules)};

/** A type that is not here cannot be loaded at all; one without attach types takes any. */
export const loadable: readonly LoadableRow[] = ${array(loadable)};
`;
}
