/**
 * What programs of a kind may do besides calling functions and touching their context: the tables' form.
 */

export interface ProgramRow {
  /** Kinds of programs (kind-keys.ts) in words. */
  readonly programs: string;
  /** Least and greatest value of r0 at exit; absent: anything. */
  readonly returns?: readonly [min: number, max: number];
  /** Absent: programs may not be sleepable. */
  readonly sleepable?: 'may' | 'must';
  /** Programs must be GPL-compatible as such, whatever they call. */
  readonly gplOnly?: true;
  /** What may be done with the bytes of a packet. */
  readonly packet?: 'read' | 'write';
  /** LD_ABS and LD_IND. */
  readonly loadAbsolute?: true;
  /** Functions have a stack of their own, so that the limit is for each and not for all that call each other. */
  readonly privateStack?: true;
  /** What may be done with elements of sockmaps and sockhashes by the helpers of all maps. */
  readonly sockmap?: 'delete' | 'update delete';
}

export interface LoadableRow {
  /** A program type. */
  readonly type: string;
  /** Attach types in words; absent: any. */
  readonly attachTypes?: string;
}
