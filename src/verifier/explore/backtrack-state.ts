/**
 * The registers and stack slots that backtracking still looks for: what, one instruction back, the precise value came
 * from. One set a frame. There is one search at a time.
 */
import { MAX_FRAMES } from '../frame.ts';

class BacktrackState {
  frame = 0;
  /** A bit a register. */
  readonly registers = new Int32Array(MAX_FRAMES);
  /** Slots 0 to 31, and 32 to 63. */
  readonly slotsLow = new Int32Array(MAX_FRAMES);
  readonly slotsHigh = new Int32Array(MAX_FRAMES);

  clear(): void {
    this.frame = 0;
    this.registers.fill(0);
    this.slotsLow.fill(0);
    this.slotsHigh.fill(0);
  }

  get isEmpty(): boolean {
    let mask = 0;
    for (let i = 0; i <= this.frame; i++)
      mask |= (this.registers[i] as number) | (this.slotsLow[i] as number) | (this.slotsHigh[i] as number); // a frame each
    return mask === 0;
  }

  /** Registers of the current frame. */
  get mask(): number {
    return this.registers[this.frame] as number;
  }

  get hasSlots(): boolean {
    return this.slotsLow[this.frame] !== 0 || this.slotsHigh[this.frame] !== 0;
  }

  has(register: number): boolean {
    return (this.mask & (1 << register)) !== 0;
  }

  set(register: number): void {
    this.setIn(this.frame, register);
  }

  clearRegister(register: number): void {
    this.clearIn(this.frame, register);
  }

  hasIn(frame: number, register: number): boolean {
    return ((this.registers[frame] as number) & (1 << register)) !== 0;
  }

  setIn(frame: number, register: number): void {
    this.registers[frame] = (this.registers[frame] as number) | (1 << register);
  }

  clearIn(frame: number, register: number): void {
    this.registers[frame] = (this.registers[frame] as number) & ~(1 << register);
  }

  hasSlot(frame: number, slot: number): boolean {
    return ((this.#half(slot)[frame] as number) & (1 << (slot & 31))) !== 0;
  }

  setSlot(frame: number, slot: number): void {
    const half = this.#half(slot);
    half[frame] = (half[frame] as number) | (1 << (slot & 31));
  }

  clearSlot(frame: number, slot: number): void {
    const half = this.#half(slot);
    half[frame] = (half[frame] as number) & ~(1 << (slot & 31));
  }

  #half(slot: number): Int32Array {
    return slot < 32 ? this.slotsLow : this.slotsHigh;
  }
}

export const wanted = new BacktrackState();
