/** How the systemd units of a cluster's detached steps begin. */
export const jobPrefix = (uid: string): string => `keelson-${uid.slice(0, 8)}-`;
