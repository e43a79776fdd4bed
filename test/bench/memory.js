const { readFileSync, readdirSync } = require('node:fs');

const everyMs = 500;

/** A process and all that it started, as far as they live. @param {number[]} pids @returns {number[]} */
function withChildren(pids) {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The name of a program, in brackets, may hold blanks and brackets itself.
      return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
    } catch {
      return [];
    }
  });
  const found = new Set(pids);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Proportional set size in MiB: pages that are shared count by their share, so that a sum is true. @param {number} pid */
function pss(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Looks at these processes and their children twice a second; `stop` gives the largest sum in MiB. @param {number[]} pids */
function sampleMemory(pids) {
  let most = 0;
  const look = () => { most = Math.max(most, withChildren(pids).map(pss).reduce((sum, one) => sum + one, 0)); };
  look();
  const timer = setInterval(look, everyMs);
  return { stop: () => { clearInterval(timer); look(); return most; } };
}

module.exports = { sampleMemory };
