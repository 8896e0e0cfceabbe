// 300 seeded kills, at least 20 in each window, over one store that is never replaced.
//   sweep.mjs [--lose-unsynced] [--kills N] [--seed N] [--mutant NAME]
import { parseArgs } from 'node:util';
import { CrashWorld, WINDOWS, seeded } from './crash_world.mjs';

const { values } = parseArgs({
  options: {
    'lose-unsynced': { type: 'boolean', default: false },
    kills: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    mutant: { type: 'string', default: '' },
  },
});
const KILLS = Number(values.kills);
const PER_WINDOW_MIN = Math.min(20, Math.floor(KILLS / WINDOWS.length));
// Passes of a window among which one is drawn: about what one life sees.
const PASSES_MAX = { before_append: 24, before_sync: 10, after_sync: 10, after_intent: 8, after_tool: 8, last_batch: 14 };
const LIFE_MS_MAX = 10_000;

const random = seeded(Number(values.seed));
console.log(`seed ${values.seed}${values['lose-unsynced'] ? ', unsynced writes are lost' : ''}`);
const world = new CrashWorld({ loseUnsynced: values['lose-unsynced'], mutant: values.mutant });
const counts = Object.fromEntries(WINDOWS.map((window) => [window, 0]));
const total = () => Object.values(counts).reduce((sum, count) => sum + count, 0);
const textFor = (n) => (random() < 0.6 ? `#tool pay {"n":${n}}` : `#echo answer ${n}`);

async function armedLife() {
  const rarest = WINDOWS.reduce((a, b) => (counts[b] < counts[a] ? b : a));
  const nth = 1 + Math.floor(random() * PASSES_MAX[rarest]);
  const before = world.fired().length;
  const life = await world.boot(`${rarest}:${nth}`);
  const overdue = setTimeout(() => life.child.kill('SIGKILL'), LIFE_MS_MAX);
  await world.talk(life, () => false, textFor);
  await life.ended;
  clearTimeout(overdue);
  const fired = world.fired();
  if (fired.length === before + 1) counts[fired.at(-1)] += 1;
}

// Whatever was open goes on to its end, so that no run is killed a third time without a step.
async function settledLife() {
  const life = await world.boot();
  if (!life.alive) throw new Error('the gateway did not start after a kill');
  await world.settle(life);
  await life.stop(random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
}

let failed = false;
try {
  await world.begin();
  for (let lives = 0; total() < KILLS && lives < KILLS * 3; lives += 2) {
    await armedLife();
    await armedLife();
    await settledLife();
  }
  const last = await world.boot();
  await world.settle(last);
  const wrong = await world.audit(last);
  await last.stop('SIGTERM');

  console.log(`${world.inputs.filter(({ acked }) => acked).length} inputs acknowledged, ${world.ledgerLines().length} payments`);
  for (const window of WINDOWS) console.log(`${String(counts[window]).padStart(5)}  ${window}`);
  console.log(`${String(total()).padStart(5)}  kills`);
  for (const violation of wrong.slice(0, 20)) console.log(`VIOLATION ${violation}`);
  const thin = WINDOWS.filter((window) => counts[window] < PER_WINDOW_MIN);
  if (thin.length > 0) console.log(`FAILED: fewer than ${PER_WINDOW_MIN} kills in ${thin.join(', ')}`);
  failed = wrong.length > 0 || thin.length > 0 || total() < KILLS;
} catch (error) {
  console.log(`VIOLATION ${error.stack}`);
  failed = true;
} finally {
  world.end();
}
process.exit(failed ? 1 : 0);
