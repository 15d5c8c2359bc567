/**
 * What the runtime's wasm reads of a line of /proc/PID/maps, and where it leaves it. Read by TypeScript and by
 * AssemblyScript, so: integer constants only.
 */

/** Addresses, 8 bytes each. */
export const MAPS_START = 0;
export const MAPS_END = 8;
/** Of the area in its file, in bytes, 8 bytes. */
export const MAPS_OFFSET = 16;
/** Offsets of the four letters, of the device, of the path or name, and of the end of the line. */
export const MAPS_PERMISSIONS = 24;
export const MAPS_DEVICE = 28;
export const MAPS_PATH = 32;
export const MAPS_LINE_END = 36;
/** 1 if there is an inode, and so a file. */
export const MAPS_INODE = 40;
/** 1 if device, inode and path are those of the line before. */
export const MAPS_SAME = 44;
export const MAPS_SIZE = 48;
