/** Messages of the room flow/: the kernel's wording. */
export const flowMessages = {} as const satisfies Record<string, (facts: never) => string>;
