/**
 * The functions that programs of the embedded kernel may call, found by name. A helper or kfunc of Linux that is not
 * here is not supported; unsupported.ts says why not.
 */
import { timerHelpers, workqueueKfuncs } from './helpers/async.ts';
import { currentFunctions } from './helpers/current.ts';
import type { FunctionDefinition } from './helpers/definition.ts';
import { dynptrHelpers, dynptrKfuncs } from './helpers/dynptr.ts';
import { lockHelpers, lockKfuncs } from './helpers/locks.ts';
import { loopHelpers } from './helpers/loops.ts';
import { machineFunctions } from './helpers/machine.ts';
import { mapHelpers, mapKfuncs } from './helpers/maps.ts';
import { numberFunctions } from './helpers/numbers.ts';
import { packetByteHelpers } from './helpers/packet-bytes.ts';
import { packetDynptrKfuncs } from './helpers/packet-dynptr.ts';
import { redirectHelpers } from './helpers/packet-redirect.ts';
import { packetShapeHelpers } from './helpers/packet-shape.ts';
import { xdpHelpers, xdpKfuncs } from './helpers/packet-xdp.ts';
import { pathHelpers } from './helpers/paths.ts';
import { printFunctions } from './helpers/print.ts';
import { printBtfFunctions } from './helpers/print-btf.ts';
import { probeReads } from './helpers/probe-read.ts';
import { registerHelpers } from './helpers/registers.ts';
import { ringBufferHelpers } from './helpers/ring-buffers.ts';
import { runContextHelpers } from './helpers/run-context.ts';
import { socketCasts } from './helpers/socket-casts.ts';
import { socketFileHelpers } from './helpers/socket-files.ts';
import { messageHelpers } from './helpers/socket-message.ts';
import { socketOptionHelpers } from './helpers/socket-options.ts';
import { socketHelpers } from './helpers/sockets.ts';
import { stackHelpers } from './helpers/stacks.ts';
import { userMemory } from './helpers/user-memory.ts';
import { seqHelpers } from './iter/seq-helpers.ts';
import { arenaKfuncs } from './kfuncs/arena.ts';
import { cpumaskKfuncs } from './kfuncs/cpumask.ts';
import { objectHelpers, objectKfuncs } from './kfuncs/objects.ts';
import { plainHelpers, plainKfuncs } from './kfuncs/plain.ts';
import { probeKfuncs } from './kfuncs/probe-dynptr.ts';
import { stringKfuncs } from './kfuncs/strings.ts';
import { taskKfuncs } from './kfuncs/tasks.ts';
import { openCodedIterators } from './open-coded/index.ts';

const families: readonly (readonly FunctionDefinition[])[] = [
  currentFunctions,
  machineFunctions,
  numberFunctions,
  printBtfFunctions,
  printFunctions,
  probeReads,
  userMemory,
  dynptrHelpers,
  lockHelpers,
  loopHelpers,
  mapHelpers,
  objectHelpers,
  pathHelpers,
  plainHelpers,
  registerHelpers,
  ringBufferHelpers,
  seqHelpers,
  stackHelpers,
  timerHelpers,
  arenaKfuncs,
  cpumaskKfuncs,
  dynptrKfuncs,
  lockKfuncs,
  mapKfuncs,
  objectKfuncs,
  plainKfuncs,
  probeKfuncs,
  stringKfuncs,
  taskKfuncs,
  workqueueKfuncs,
  openCodedIterators,
  messageHelpers,
  packetByteHelpers,
  packetDynptrKfuncs,
  packetShapeHelpers,
  redirectHelpers,
  runContextHelpers,
  socketHelpers,
  socketCasts,
  socketFileHelpers,
  socketOptionHelpers,
  xdpHelpers,
  xdpKfuncs,
];

const byName: ReadonlyMap<string, FunctionDefinition> = new Map(
  families.flatMap((family) => family.map((definition): [string, FunctionDefinition] => [definition.name, definition])),
);

/** Calls of these become code of their own (jit/plan.ts). */
export const functionsOfCompiler: ReadonlySet<string> = new Set(['bpf_tail_call', 'bpf_throw']);

export const definedFunctions = (): Iterable<FunctionDefinition> => families.flat();

/** @param name with the `bpf_` prefix, as the kernel writes it */
export const findFunction = (name: string): FunctionDefinition | undefined => byName.get(name);
