/** Messages of the room memory/: the kernel's wording. */
export const memoryMessages = {} as const satisfies Record<string, (facts: never) => string>;
