/**
 * Red-black trees in linear memory, in the kernel's layout: a root with its leftmost node, and nodes in objects.
 *
 *   root   0 top node   8 leftmost node
 *   node   0 parent, bit 0: black   8 right   16 left   24 owner (the root whose tree it is in)
 *
 * Words hold offsets, 0 for none. Programs can look at the shape of a tree (bpf_rbtree_root, _left, _right), so
 * rebalancing makes the choices that Linux makes; they are those of the textbook (Cormen et al., Introduction to
 * Algorithms, chapter "Red-Black Trees"), as lib/rbtree.c says of itself.
 */
import type { KernelMemory } from '../memory/kernel-memory.ts';

const TOP = 0;
const LEFTMOST = 8;
const PARENT = 0;
const RIGHT = 8;
const LEFT = 16;
export const RB_OWNER = 24;
const BLACK = 1;

export class RbTree {
  readonly #memory: KernelMemory;
  readonly #root: number;

  /** @param root offset of the struct bpf_rb_root */
  constructor(memory: KernelMemory, root: number) {
    this.#memory = memory;
    this.#root = root;
  }

  get top(): number {
    return this.#get(this.#root + TOP);
  }

  get first(): number {
    return this.#get(this.#root + LEFTMOST);
  }

  left(node: number): number {
    return this.#get(node + LEFT);
  }

  right(node: number): number {
    return this.#get(node + RIGHT);
  }

  /** @param isLess whether the new node goes before one of the tree; asked from the top down */
  add(node: number, isLess: (other: number) => boolean): void {
    let parent = 0;
    let place = this.#root + TOP;
    let isFirst = true;
    for (let at = this.top; at !== 0; at = this.#get(place)) {
      parent = at;
      if (isLess(at)) place = at + LEFT;
      else {
        place = at + RIGHT;
        isFirst = false;
      }
    }
    this.#set(node + PARENT, parent);
    this.#set(node + LEFT, 0);
    this.#set(node + RIGHT, 0);
    this.#set(place, node);
    if (isFirst) this.#set(this.#root + LEFTMOST, node);
    this.#balanceAfterAdd(node);
  }

  /** Takes a node of this tree out. */
  remove(node: number): void {
    if (this.first === node) this.#set(this.#root + LEFTMOST, this.#next(node));
    const left = this.left(node);
    const right = this.right(node);
    if (left !== 0 && right !== 0) this.#removeInner(node, left, right);
    else {
      const child = left === 0 ? right : left;
      const parent = this.#parent(node);
      this.#replace(node, child);
      if (this.#isBlack(node)) this.#balanceAfterRemove(child, parent);
    }
    // A node that is in no tree is its own parent.
    this.#set(node + PARENT, node);
  }

  /** All nodes, children before their parents. */
  postorder(): number[] {
    const nodes: number[] = [];
    const pending = [this.top];
    for (let node = pending.pop() ?? 0; node !== 0; node = pending.pop() ?? 0) {
      nodes.push(node);
      if (this.left(node) !== 0) pending.push(this.left(node));
      if (this.right(node) !== 0) pending.push(this.right(node));
    }
    return nodes.reverse();
  }

  clear(): void {
    this.#set(this.#root + TOP, 0);
    this.#set(this.#root + LEFTMOST, 0);
  }

  #get(at: number): number {
    return this.#memory.view.getUint32(at, true);
  }

  #set(at: number, value: number): void {
    this.#memory.view.setUint32(at, value, true);
  }

  #parent(node: number): number {
    return (this.#get(node + PARENT) & ~BLACK) >>> 0;
  }

  #setParent(node: number, parent: number): void {
    this.#set(node + PARENT, parent + (this.#get(node + PARENT) & BLACK));
  }

  /** Leaves are black. */
  #isBlack(node: number): boolean {
    return node === 0 || (this.#get(node + PARENT) & BLACK) !== 0;
  }

  #paint(node: number, black: boolean): void {
    this.#set(node + PARENT, this.#parent(node) + (black ? BLACK : 0));
  }

  /** Puts another node, or none, where a node hangs; the other's children are not touched. */
  #replace(node: number, other: number): void {
    const parent = this.#parent(node);
    if (parent === 0) this.#set(this.#root + TOP, other);
    else this.#set(parent + (this.left(parent) === node ? LEFT : RIGHT), other);
    if (other !== 0) this.#setParent(other, parent);
  }

  /** @param side where the child is that rises */
  #rotate(node: number, side: typeof LEFT | typeof RIGHT): void {
    const other = side === LEFT ? RIGHT : LEFT;
    const child = this.#get(node + side);
    const inner = this.#get(child + other);
    this.#set(node + side, inner);
    if (inner !== 0) this.#setParent(inner, node);
    this.#replace(node, child);
    this.#set(child + other, node);
    this.#setParent(node, child);
  }

  #balanceAfterAdd(added: number): void {
    let node = added;
    let parent = this.#parent(node);
    while (!this.#isBlack(parent)) {
      const grandparent = this.#parent(parent);
      const side = this.left(grandparent) === parent ? LEFT : RIGHT;
      const other = side === LEFT ? RIGHT : LEFT;
      const uncle = this.#get(grandparent + other);
      if (!this.#isBlack(uncle)) {
        this.#paint(uncle, true);
        this.#paint(parent, true);
        this.#paint(grandparent, false);
        node = grandparent;
        parent = this.#parent(node);
        continue;
      }
      if (this.#get(parent + other) === node) {
        this.#rotate(parent, other);
        [node, parent] = [parent, node];
      }
      this.#paint(parent, true);
      this.#paint(grandparent, false);
      this.#rotate(grandparent, side);
      break;
    }
    this.#paint(this.top, true);
  }

  /** A node with two children gives its place and colour to the next one. */
  #removeInner(node: number, left: number, right: number): void {
    let heir = right;
    while (this.left(heir) !== 0) heir = this.left(heir);
    const child = this.right(heir);
    const wasBlack = this.#isBlack(heir);
    let parent = this.#parent(heir);
    if (heir === right) parent = heir;
    else {
      this.#replace(heir, child);
      this.#set(heir + RIGHT, right);
      this.#setParent(right, heir);
    }
    this.#replace(node, heir);
    this.#set(heir + LEFT, left);
    this.#setParent(left, heir);
    this.#paint(heir, this.#isBlack(node));
    if (wasBlack) this.#balanceAfterRemove(child, parent);
  }

  /** @param start root of the side that lacks a black node, perhaps none @param startParent its parent */
  #balanceAfterRemove(start: number, startParent: number): void {
    let node = start;
    let parent = startParent;
    while (parent !== 0 && this.#isBlack(node)) {
      const side = this.left(parent) === node ? LEFT : RIGHT;
      const other = side === LEFT ? RIGHT : LEFT;
      let sibling = this.#get(parent + other);
      if (!this.#isBlack(sibling)) {
        this.#paint(sibling, true);
        this.#paint(parent, false);
        this.#rotate(parent, other);
        sibling = this.#get(parent + other);
      }
      if (this.#isBlack(this.#get(sibling + side)) && this.#isBlack(this.#get(sibling + other))) {
        this.#paint(sibling, false);
        node = parent;
        parent = this.#parent(node);
        continue;
      }
      if (this.#isBlack(this.#get(sibling + other))) {
        this.#paint(this.#get(sibling + side), true);
        this.#paint(sibling, false);
        this.#rotate(sibling, side);
        sibling = this.#get(parent + other);
      }
      this.#paint(sibling, this.#isBlack(parent));
      this.#paint(parent, true);
      this.#paint(this.#get(sibling + other), true);
      this.#rotate(parent, other);
      return;
    }
    if (node !== 0) this.#paint(node, true);
  }

  #next(node: number): number {
    let at = this.right(node);
    if (at !== 0) {
      while (this.left(at) !== 0) at = this.left(at);
      return at;
    }
    at = node;
    let parent = this.#parent(at);
    while (parent !== 0 && this.right(parent) === at) {
      at = parent;
      parent = this.#parent(at);
    }
    return parent;
  }
}
