// https://jslib.k6.io/totp: one-time passwords by the time (RFC 6238, RFC 4226, HMAC-SHA-1).
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

// RFC 4648, section 6. Blanks, dashes and padding do not matter.
const bytesOfBase32 = (text) => {
  const bytes = [];
  let bits = 0, value = 0;
  for (const letter of String(text).toUpperCase().replace(/[\s=-]/g, '')) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) throw new Error(`TOTP: '${letter}' is no letter of a base32 secret`);
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return new Uint8Array(bytes);
};

export class TOTP {
  constructor(secret, digits = 6) {
    this.secret = bytesOfBase32(secret);
    this.digits = digits;
  }
  // The code of now; `bias`: seconds beside it.
  async gen(timeStep = 30, bias = 0) {
    const key = await crypto.subtle.importKey('raw', this.secret, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    const counter = new DataView(new ArrayBuffer(8));
    counter.setBigUint64(0, BigInt(Math.floor((Date.now() / 1000 + bias) / timeStep)));
    const digest = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer));
    const at = digest.getUint8(digest.byteLength - 1) & 0xf;
    const code = (digest.getUint32(at) & 0x7fffffff) % 10 ** this.digits;
    return String(code).padStart(this.digits, '0');
  }
  async verify(code, timeStep = 30) {
    return (await this.gen(timeStep)) === String(code);
  }
}
