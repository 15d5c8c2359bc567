/**
 * Commands of bpf(2) (enum bpf_cmd): number, name, first kernel. Names are the constants' own, in lower case
 * and without their prefix.
 * Facts: include/uapi/linux/bpf.h (Linux 7.2).
 */
import { byId, byName, type UapiEntry } from './table.ts';

export const BPF_MAP_CREATE = 0;
export const BPF_MAP_LOOKUP_ELEM = 1;
export const BPF_MAP_UPDATE_ELEM = 2;
export const BPF_MAP_DELETE_ELEM = 3;
export const BPF_MAP_GET_NEXT_KEY = 4;
export const BPF_PROG_LOAD = 5;
export const BPF_OBJ_PIN = 6;
export const BPF_OBJ_GET = 7;
export const BPF_PROG_ATTACH = 8;
export const BPF_PROG_DETACH = 9;
export const BPF_PROG_TEST_RUN = 10;
export const BPF_PROG_GET_NEXT_ID = 11;
export const BPF_MAP_GET_NEXT_ID = 12;
export const BPF_PROG_GET_FD_BY_ID = 13;
export const BPF_MAP_GET_FD_BY_ID = 14;
export const BPF_OBJ_GET_INFO_BY_FD = 15;
export const BPF_PROG_QUERY = 16;
export const BPF_RAW_TRACEPOINT_OPEN = 17;
export const BPF_BTF_LOAD = 18;
export const BPF_BTF_GET_FD_BY_ID = 19;
export const BPF_TASK_FD_QUERY = 20;
export const BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21;
export const BPF_MAP_FREEZE = 22;
export const BPF_BTF_GET_NEXT_ID = 23;
export const BPF_MAP_LOOKUP_BATCH = 24;
export const BPF_MAP_LOOKUP_AND_DELETE_BATCH = 25;
export const BPF_MAP_UPDATE_BATCH = 26;
export const BPF_MAP_DELETE_BATCH = 27;
export const BPF_LINK_CREATE = 28;
export const BPF_LINK_UPDATE = 29;
export const BPF_LINK_GET_FD_BY_ID = 30;
export const BPF_LINK_GET_NEXT_ID = 31;
export const BPF_ENABLE_STATS = 32;
export const BPF_ITER_CREATE = 33;
export const BPF_LINK_DETACH = 34;
export const BPF_PROG_BIND_MAP = 35;
export const BPF_TOKEN_CREATE = 36;
export const BPF_PROG_STREAM_READ_BY_FD = 37;
export const BPF_PROG_ASSOC_STRUCT_OPS = 38;
/** Beside a command: the attributes are followed by common ones (log, since 7.2). */
export const BPF_COMMON_ATTRS = 0x10000;

/** In the order of their numbers; gaps do not occur. */
export const commands: readonly UapiEntry[] = [
  { id: BPF_MAP_CREATE, name: 'map_create', since: '3.18' },
  { id: BPF_MAP_LOOKUP_ELEM, name: 'map_lookup_elem', since: '3.18' },
  { id: BPF_MAP_UPDATE_ELEM, name: 'map_update_elem', since: '3.18' },
  { id: BPF_MAP_DELETE_ELEM, name: 'map_delete_elem', since: '3.18' },
  { id: BPF_MAP_GET_NEXT_KEY, name: 'map_get_next_key', since: '3.18' },
  { id: BPF_PROG_LOAD, name: 'prog_load', since: '3.18' },
  { id: BPF_OBJ_PIN, name: 'obj_pin', since: '4.4' },
  { id: BPF_OBJ_GET, name: 'obj_get', since: '4.4' },
  { id: BPF_PROG_ATTACH, name: 'prog_attach', since: '4.10' },
  { id: BPF_PROG_DETACH, name: 'prog_detach', since: '4.10' },
  { id: BPF_PROG_TEST_RUN, name: 'prog_test_run', since: '4.12' },
  { id: BPF_PROG_GET_NEXT_ID, name: 'prog_get_next_id', since: '4.13' },
  { id: BPF_MAP_GET_NEXT_ID, name: 'map_get_next_id', since: '4.13' },
  { id: BPF_PROG_GET_FD_BY_ID, name: 'prog_get_fd_by_id', since: '4.13' },
  { id: BPF_MAP_GET_FD_BY_ID, name: 'map_get_fd_by_id', since: '4.13' },
  { id: BPF_OBJ_GET_INFO_BY_FD, name: 'obj_get_info_by_fd', since: '4.13' },
  { id: BPF_PROG_QUERY, name: 'prog_query', since: '4.15' },
  { id: BPF_RAW_TRACEPOINT_OPEN, name: 'raw_tracepoint_open', since: '4.17' },
  { id: BPF_BTF_LOAD, name: 'btf_load', since: '4.18' },
  { id: BPF_BTF_GET_FD_BY_ID, name: 'btf_get_fd_by_id', since: '4.18' },
  { id: BPF_TASK_FD_QUERY, name: 'task_fd_query', since: '4.18' },
  { id: BPF_MAP_LOOKUP_AND_DELETE_ELEM, name: 'map_lookup_and_delete_elem', since: '4.20' },
  { id: BPF_MAP_FREEZE, name: 'map_freeze', since: '5.2' },
  { id: BPF_BTF_GET_NEXT_ID, name: 'btf_get_next_id', since: '5.4' },
  { id: BPF_MAP_LOOKUP_BATCH, name: 'map_lookup_batch', since: '5.6' },
  { id: BPF_MAP_LOOKUP_AND_DELETE_BATCH, name: 'map_lookup_and_delete_batch', since: '5.6' },
  { id: BPF_MAP_UPDATE_BATCH, name: 'map_update_batch', since: '5.6' },
  { id: BPF_MAP_DELETE_BATCH, name: 'map_delete_batch', since: '5.6' },
  { id: BPF_LINK_CREATE, name: 'link_create', since: '5.7' },
  { id: BPF_LINK_UPDATE, name: 'link_update', since: '5.7' },
  { id: BPF_LINK_GET_FD_BY_ID, name: 'link_get_fd_by_id', since: '5.8' },
  { id: BPF_LINK_GET_NEXT_ID, name: 'link_get_next_id', since: '5.8' },
  { id: BPF_ENABLE_STATS, name: 'enable_stats', since: '5.8' },
  { id: BPF_ITER_CREATE, name: 'iter_create', since: '5.8' },
  { id: BPF_LINK_DETACH, name: 'link_detach', since: '5.9' },
  { id: BPF_PROG_BIND_MAP, name: 'prog_bind_map', since: '5.10' },
  { id: BPF_TOKEN_CREATE, name: 'token_create', since: '6.9' },
  { id: BPF_PROG_STREAM_READ_BY_FD, name: 'prog_stream_read_by_fd', since: '6.17' },
  { id: BPF_PROG_ASSOC_STRUCT_OPS, name: 'prog_assoc_struct_ops', since: '7.0' },
];

const names = byId(commands);
const ids = byName(commands);

/** `prog_load` for 5; undefined for a number that the table does not have. */
export const commandName = (id: number): string | undefined => names.get(id);
export const commandId = (name: string): number | undefined => ids.get(name);
