/**
 * Loops: strongly connected components of the control flow, numbered from 1 in the order in which they are found.
 * A call that runs a callback again and again is none by itself (to Linux 6.18; later kernels see it as one).
 * After compute_scc() in kernel/bpf/verifier.c (Linux 6.18): Tarjan's algorithm without recursion, after
 * D. J. Pearce, "A Space-Efficient Algorithm for Finding Strongly Connected Components".
 */
import type { Env } from '../environment.ts';

const DONE = 0x7fff_ffff;

export function findComponents(env: Env): void {
  const { count, facts } = env;
  const { successors } = env.flow;
  /** Order of discovery, 0 for none. */
  const order = new Int32Array(count);
  /** Lowest order known to be reachable; DONE once the component is known. */
  const low = new Int32Array(count);
  /** Discovered instructions whose component is not yet known. */
  const open = new Int32Array(count);
  let opened = 0;
  const path = new Int32Array(count + 1);
  let discovered = 0;
  let components = 0;

  for (let root = 0; root < count; root++) {
    if (order[root] !== 0) continue;
    path[0] = root;
    let depth = 1;
    while (depth > 0) {
      const insn = path[depth - 1] as number; // depth > 0
      if (order[insn] === 0) {
        discovered += 1;
        order[insn] = discovered;
        low[insn] = discovered;
        open[opened++] = insn;
      }
      let entered = false;
      let loopsItself = false;
      for (let i = 0; i < 2 && !entered; i++) {
        const next = successors[insn * 2 + i] as number; // two for each instruction
        if (next < 0) break;
        if (next === insn) loopsItself = true;
        if (order[next] === 0) {
          path[depth++] = next;
          entered = true;
        } else low[insn] = Math.min(low[insn] as number, low[next] as number);
      }
      if (entered) continue;
      depth -= 1;
      if ((low[insn] as number) < (order[insn] as number)) continue;
      const isLoop = open[opened - 1] !== insn || loopsItself;
      if (isLoop) components += 1;
      for (let member = -1; member !== insn; ) {
        member = open[--opened] as number; // insn is among them
        low[member] = DONE;
        if (isLoop) facts.component[member] = components;
      }
    }
  }
}
