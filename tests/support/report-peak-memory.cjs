// Loaded with --require into every process of a command: each says at its end how much memory it had at most.
const { appendFileSync, readFileSync } = require('node:fs');

/** What `maxRSS` says includes the process that it was forked from. */
function peakBytes() {
  const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1]) * 1024;
}

process.on('exit', () => {
  const file = process.env.CONCH_PEAK_MEMORY_FILE;
  if (file) appendFileSync(file, `${peakBytes()}\n`);
});
