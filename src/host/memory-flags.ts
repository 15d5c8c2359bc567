/** What mmap(2) is told (asm-generic/mman-common.h, linux/mman.h). */
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
/** At that address or not at all: never over memory that is in use. */
export const MAP_FIXED_NOREPLACE = 0x100000;
