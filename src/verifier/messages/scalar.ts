/** Messages of the room scalar/: the kernel's wording. */
export const scalarMessages = {} as const satisfies Record<string, (facts: never) => string>;
