// Random JSON5 texts, written in as many ways as the grammar allows, and damaged copies of them.

const validCount = 2_000;
const damagedPerValid = 2;

/** mulberry32: small, seeded, good enough to choose cases. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class writer {
  constructor(seed) { this.next = random(seed); }
  below(bound) { return Math.floor(this.next() * bound); }
  pick(list) { return list[this.below(list.length)]; }
  many(most, make) { return Array.from({ length: this.below(most + 1) }, make); }

  space() {
    return this.many(2, () => this.pick([' ', '\n', '\t', '\r\n', '\u00a0', '\u2028', '\ufeff', '/* x */', '/**/',
      '// y\n', '\u3000', '\v'])).join('');
  }
  digits(most = 20) { return String(this.below(10)) + this.many(most, () => this.below(10)).join(''); }
  whole() { return this.pick(['0', String(1 + this.below(9)) + this.many(21, () => this.below(10)).join('')]); }
  number() {
    const exponent = () => this.pick(['', '', 'e', 'E']) .replace(/.$/, (e) => e + this.pick(['', '+', '-']) + this.digits(2));
    const magnitude = this.pick([
      () => this.whole(),
      () => this.whole() + exponent(),
      () => `${this.whole()}.${this.pick(['', this.digits()])}${exponent()}`,
      () => `.${this.digits()}${exponent()}`,
      () => this.pick(['0x', '0X']) + this.many(20, () => this.pick([...'0123456789abcdefABCDEF'])).join('') + 'a',
      () => this.pick(['Infinity', 'NaN']),
    ])();
    return this.pick(['', '', '-', '+']) + magnitude;
  }
  character(quote) {
    return this.pick([
      () => this.pick([...'abc xyz{}[]:,/*0']),
      () => this.pick(['ä', '漢', '😀', '\u2028', '\t', '\u007f']),
      () => '\\' + this.pick([...'bfnrtv0\'"\\/qZ']) + 'x',
      () => '\\x' + this.pick(['00', '41', 'fF']),
      () => '\\u' + this.pick(['0041', '20aC', 'ffff', 'D83D\\uDE00']),
      () => '\\' + this.pick(['\n', '\r\n', '\r', '\u2029']),
      () => (quote === '"' ? "'" : '"'),
    ])();
  }
  string() {
    const quote = this.pick(['"', "'"]);
    return quote + this.many(8, () => this.character(quote)).join('') + quote;
  }
  /** Unique in its object by its number, whatever else is in it. */
  key(number) {
    return this.pick([
      () => `k${number}`, () => `$_ä${number}`, () => `\\u006b\\u0061${number}`, () => `'s ${number}'`,
      () => `"${'\\x41'}${number}\\n"`, () => `漢${number}\u200d`,
    ])();
  }
  value(depth) {
    const kind = this.below(depth > 0 ? 7 : 4);
    if (kind === 0) return this.pick(['null', 'true', 'false']);
    if (kind <= 2) return this.number();
    if (kind === 3) return this.string();
    const comma = this.pick(['', ',']);
    const items = kind === 4
      ? this.many(4, () => this.space() + this.value(depth - 1) + this.space())
      : this.many(4, (_, i) => `${this.space()}${this.key(i)}${this.space()}:${this.space()}${this.value(depth - 1)}${this.space()}`);
    const inner = items.length ? items.join(',') + comma + this.space() : this.space();
    return kind === 4 ? `[${inner}]` : `{${inner}}`;
  }
  damaged(text) {
    const points = [...text];
    for (let i = 1 + this.below(2); i > 0; --i) {
      const at = this.below(points.length + 1);
      const other = this.pick([...'{}[]:,"\'\\/*+-.0129eExInN \n\ta$_', '\u2028', 'ä', '😀', '\u0000', '\u200b']);
      if (this.below(3) === 0) points.splice(at, 1);
      else points.splice(at, this.below(2), other);
    }
    return points.join('');
  }
}

export function generatedCases(seed) {
  const make = new writer(seed);
  return Array.from({ length: validCount }, () => make.space() + make.value(4) + make.space())
    .flatMap((text) => [text, ...Array.from({ length: damagedPerValid }, () => make.damaged(text))]);
}
