/** Bash that runs a person's command in root's home, with nothing on its stdin. */
export const execScript = (text: string): string => `cd ~ 2>/dev/null\nexec </dev/null\n${text}`;
