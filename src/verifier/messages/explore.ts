/** Messages of the room explore/: the kernel's wording. */
export const exploreMessages = {} as const satisfies Record<string, (facts: never) => string>;
