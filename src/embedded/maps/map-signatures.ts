/** How programs call the helpers that a map may answer in its own way; the runtime's functions take the same words. */
import type { Signature } from '../../jit/index.ts';
import { signature } from '../helpers/definition.ts';

export const MAP_SIGNATURES: Readonly<Record<string, Signature>> = {
  bpf_map_lookup_elem: signature('p p -> p'),
  bpf_map_update_elem: signature('p p p q -> s'),
  bpf_map_delete_elem: signature('p p -> s'),
  bpf_map_lookup_percpu_elem: signature('p p i -> p'),
  bpf_map_push_elem: signature('p p q -> s'),
  bpf_map_pop_elem: signature('p p -> s'),
  bpf_map_peek_elem: signature('p p -> s'),
};
