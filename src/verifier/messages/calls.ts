/** Messages of the room calls/: the kernel's wording. */
export const callMessages = {} as const satisfies Record<string, (facts: never) => string>;
