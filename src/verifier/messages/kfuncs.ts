/** Messages of the room kfuncs/: the kernel's wording. */
export const kfuncMessages = {} as const satisfies Record<string, (facts: never) => string>;
