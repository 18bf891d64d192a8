/** How many lines the log had no room for, or could not make. */
export class LogDrops {
  lines = 0;
}
