// Planted faults: each must be noticed by a short sweep, or the audit proves nothing.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const sweep = path.join(import.meta.dirname, 'sweep.mjs');
let missed = 0;
for (const mutant of ['ack_early', 'forget_intent']) {
  const run = spawnSync(process.execPath, [sweep, '--kills', '48', '--seed', '7', '--mutant', mutant], { encoding: 'utf8', timeout: 240_000 });
  const caught = run.status !== 0 && run.stdout.includes('VIOLATION');
  console.log(`${mutant}: ${caught ? 'caught' : 'MISSED'}`);
  if (!caught) {
    console.log(run.stdout, run.stderr);
    missed += 1;
  }
}
process.exit(missed === 0 ? 0 : 1);
