/**
 * The form that every table of the uapi has here, and the two look-ups over it.
 */

export interface UapiEntry {
  readonly id: number;
  readonly name: string;
  /** First Linux version that has it; absent for the `unspec` entries, which mean "none". */
  readonly since?: string;
}

/** Number -> name. */
export const byId = (entries: readonly UapiEntry[]): ReadonlyMap<number, string> =>
  new Map(entries.map((entry) => [entry.id, entry.name]));

/** Name -> number. */
export const byName = (entries: readonly UapiEntry[]): ReadonlyMap<string, number> =>
  new Map(entries.map((entry) => [entry.name, entry.id]));
