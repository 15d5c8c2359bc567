/**
 * The compiler: a verified program becomes one WebAssembly module over the kernel's linear memory. Bytes in, bytes out;
 * it runs nothing and knows neither helpers nor maps (plan.ts says what it is told of them).
 */
export { type CompiledProgram, compileProgram } from './compile.ts';
export { type Environment, instantiate, makeInvoke, type RunningProgram } from './instantiate.ts';
export * from './plan.ts';
export { printWat } from './print.ts';
export * from './web-assembly.ts';
