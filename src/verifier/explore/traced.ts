/** Whether the log shows paths: level 4 alone asks for statistics only. */
import type { Env } from '../environment.ts';
import { LOG_BRANCHES, LOG_INSTRUCTIONS } from '../log/index.ts';

export const isTraced = (env: Env): boolean => (env.log.level & (LOG_BRANCHES | LOG_INSTRUCTIONS)) !== 0;
