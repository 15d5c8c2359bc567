/**
 * Timers, workqueues and task work in map values: the field that an argument points to, and the functions that the
 * kernel calls later with the map, the key and the value.
 * After check_map_field_pointer() and the set_*_callback_state() functions in kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { EFAULT, EINVAL } from '../errno.ts';
import type { FieldKind } from '../fields.ts';
import type { Frame } from '../frame.ts';
import { MAP, MAP_UID, OFF, TYPE, VALUE } from '../register.ts';
import { CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE } from '../register-types.ts';
import { hasKnownValue, markKnownZero, resetRegister } from '../scalar/index.ts';
import { fieldName, findField } from './fields.ts';

/** The map of an argument; calls have at most one. */
export interface MapArgument {
  /** -1 if there is none yet. */
  map: number;
  mapUid: number;
}

/** Checks that an argument, a pointer to a map value, points to a field of a kind. */
export function checkMapField(env: Env, regno: number, kind: FieldKind, argument: MapArgument): void {
  const { frame } = env;
  const w = frame.words;
  const r = frame.register(regno);
  const field = fieldName[kind];
  if (!hasKnownValue(w, r)) env.reject(EINVAL, 'kfunc/field-variable', { reg: regno, field });
  const index = w[r + MAP] as number; // every register has these
  const map = env.maps[index];
  if (map === undefined) env.reject(EFAULT, 'verifier-bug', { what: `no map ${index}` });
  if (map.btfValueTypeId === 0) env.reject(EINVAL, 'kfunc/field-needs-btf', { map: map.name, what: field });
  const found = findField(map.fields, kind);
  if (found === undefined) env.reject(EINVAL, 'kfunc/map-lacks-field', { map: map.name, field });
  const off = (w[r + OFF] as number) + (w[r + VALUE] as number);
  if (off !== found.offset)
    env.reject(EINVAL, 'kfunc/not-at-field', { off: String(off), field, fieldOff: found.offset });
  if (argument.map >= 0) env.reject(EFAULT, 'verifier-bug', { what: `Two map pointers in a ${field} helper` });
  argument.map = index;
  argument.mapUid = w[r + MAP_UID] as number;
}

/** A timer's or workqueue's function: the map is that of the caller's first argument. */
export function prepareTimerCallback(_env: Env, caller: Frame, callee: Frame): void {
  passMapKeyValue(caller, 1, callee);
  callee.callbackReturnRange = { min: 0, max: 0 };
}

const S32_MIN = -0x8000_0000;
const S32_MAX = 0x7fff_ffff;

/** The function of task work: the map is that of the caller's third argument. */
export function prepareTaskWorkCallback(_env: Env, caller: Frame, callee: Frame): void {
  passMapKeyValue(caller, 3, callee);
  callee.callbackReturnRange = { min: S32_MIN, max: S32_MAX };
}

function passMapKeyValue(caller: Frame, mapArgument: number, callee: Frame): void {
  const map = caller.words[caller.register(mapArgument) + MAP] as number; // every register has one
  const { words } = callee;
  for (const [regno, type] of [
    [1, CONST_PTR_TO_MAP],
    [2, PTR_TO_MAP_KEY],
    [3, PTR_TO_MAP_VALUE],
  ] as const) {
    const r = callee.register(regno);
    markKnownZero(words, r);
    words[r + TYPE] = type;
    words[r + MAP] = map;
  }
  for (let regno = 4; regno <= 5; regno++) resetRegister(words, callee.register(regno));
  callee.inAsyncCallback = true;
}
