/**
 * Doubly linked lists in linear memory, in the kernel's layout: heads and nodes are rings of two words, and a node says
 * whose it is. Words hold offsets. A head that is still zero, as in a new map value, is an empty list.
 *
 *   head, node   0 next   8 previous      node   16 owner (the head whose list it is in)
 *
 * Facts: include/linux/list.h, struct bpf_list_node_kern.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';

const NEXT = 0;
const PREVIOUS = 8;
export const LIST_OWNER = 16;

const get = ({ view }: KernelMemory, at: number): number => view.getUint32(at, true);

function link({ view }: KernelMemory, one: number, other: number): void {
  view.setUint32(one + NEXT, other, true);
  view.setUint32(other + PREVIOUS, one, true);
}

/** Makes it a list without nodes, or a node in no list. */
export const initList = (memory: KernelMemory, at: number): void => link(memory, at, at);

export function addToList(memory: KernelMemory, head: number, node: number, atEnd: boolean): void {
  if (get(memory, head + NEXT) === 0) initList(memory, head);
  const before = atEnd ? get(memory, head + PREVIOUS) : head;
  const after = get(memory, before + NEXT);
  link(memory, before, node);
  link(memory, node, after);
  memory.view.setUint32(node + LIST_OWNER, head, true);
}

/** @returns 0 if there is none */
export function endOfList(memory: KernelMemory, head: number, atEnd: boolean): number {
  const node = get(memory, head + (atEnd ? PREVIOUS : NEXT));
  return node === head ? 0 : node;
}

export function removeFromList(memory: KernelMemory, node: number): void {
  link(memory, get(memory, node + PREVIOUS), get(memory, node + NEXT));
  initList(memory, node);
  memory.view.setUint32(node + LIST_OWNER, 0, true);
}

export function listNodes(memory: KernelMemory, head: number): number[] {
  const nodes: number[] = [];
  for (let node = endOfList(memory, head, false); node !== 0 && node !== head; node = get(memory, node + NEXT)) {
    nodes.push(node);
  }
  return nodes;
}
