// A run that kills its process three times before any step is given up, and only that run.
import assert from 'node:assert/strict';
import { CrashWorld } from './crash_world.mjs';

const world = new CrashWorld({ conversations: 2 });
const [poisoned, healthy] = world.keys;
try {
  await world.begin();
  const message = '#tool pay {"poison":1}';
  const send = (life, key, id, text) => life.request('chat.send', { sessionKey: key, message: text, idempotencyKey: id });

  // The third batch of a life is: input, then the step with the intent; the kill comes before the step is
  // appended. In later lives the second batch is the step, after the attempt.
  const first = await world.boot('before_append:2');
  const accepted = await send(first, poisoned, 'poison', message);
  assert.ok(accepted?.ok, 'the input was not acknowledged');
  await first.ended;
  for (let crash = 2; crash <= 3; ++crash) {
    const life = await world.boot('before_append:2');
    await life.ended;
  }

  const after = await world.boot();
  const refused = await send(after, poisoned, 'next', 'hello');
  assert.equal(refused.ok, false);
  assert.match(refused.error.message, /quarantined/);
  const others = await send(after, healthy, 'other', '#echo fine');
  assert.ok(others.ok, 'a neighbour was refused');
  assert.ok(await after.finished('other'));
  assert.equal(world.ledgerLines().length, 0, 'the poisoned run paid');
  await after.stop('SIGTERM');

  const again = await world.boot();
  assert.equal((await send(again, poisoned, 'later', 'hello')).ok, false, 'the restart forgot the quarantine');
  const reset = await again.request('sessions.reset', { key: poisoned });
  assert.ok(reset.ok, `the operator's reset was refused: ${JSON.stringify(reset)}`);
  assert.ok((await send(again, poisoned, 'after-reset', '#echo fine')).ok, 'the reset did not release it');
  assert.ok(await again.finished('after-reset'));
  await again.stop('SIGTERM');
  console.log('quarantined after 3 crashes, visible, kept over a restart; the neighbour answered');
} finally {
  world.end();
}
