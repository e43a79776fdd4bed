import { hostname, userInfo } from 'node:os';

/** Who asks, when nobody says so: `$USER@$(hostname)`. */
export function defaultActor(): string {
  return `${process.env['USER'] || userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid without a name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
