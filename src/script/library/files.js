// k6/experimental/fs and k6/experimental/csv. The bytes stand in C++, once for all virtual users.
(native) => {
  const failure = (name, text) => Object.assign(new Error(text), { name });
  const SeekMode = Object.freeze({ Start: 0, Current: 1, End: 2 });
  const states = new WeakMap(); // Of a File: where its bytes are, and its offset.
  class File {
    async stat() {
      const { path, size } = stateOf(this);
      return { name: path.slice(path.lastIndexOf('/') + 1), size };
    }
    async read(into) {
      const state = stateOf(this);
      if (!(into instanceof Uint8Array)) throw new TypeError('File.read: a Uint8Array is wanted');
      if (into.length === 0) return 0;
      const count = native.read(state.path, state.offset, into.buffer, into.byteOffset, into.length);
      state.offset += count;
      return count === 0 ? null : count;
    }
    async seek(offset, whence) {
      const state = stateOf(this);
      if (!Number.isInteger(offset)) throw new TypeError('File.seek: the offset is a whole number');
      const begin = [0, state.offset, state.size - 1][whence]; // k6's end is the last byte.
      if (begin === undefined) throw new TypeError('File.seek: the second argument is a SeekMode');
      if (whence === SeekMode.End && offset > 0) throw new TypeError('File.seek: from the end it goes backwards');
      const wanted = begin + offset;
      if (wanted < 0) throw new TypeError('File.seek: this is before the beginning of the file');
      if (wanted > state.size) throw new TypeError('File.seek: this is behind the end of the file');
      return (state.offset = wanted);
    }
  }
  const stateOf = (file) => {
    const state = states.get(file);
    if (!state) throw new TypeError('a fs.File instance is wanted, which k6/experimental/fs opens');
    return state;
  };
  const makeFile = (path, size, shown) => {
    const file = new File();
    Object.defineProperty(file, 'path', { value: shown, enumerable: true });
    states.set(file, { path, size, offset: 0 });
    return file;
  };

  // As k6 has it: lines are records, counted from 0, and toLine is the last one.
  const settingsOf = (options) => {
    const { delimiter = ',', asObjects = false, skipFirstLine = false, fromLine = 0, toLine = 0 } = options ?? {};
    if (typeof delimiter !== 'string' || !/^[\x01-\x7e]$/.test(delimiter)) throw new TypeError('csv: the delimiter is one character');
    for (const [name, line] of [['fromLine', fromLine], ['toLine', toLine]])
      if (!Number.isInteger(line) || line < 0) throw new TypeError(`csv: ${name} is a whole number from 0 on`);
    if (asObjects && (skipFirstLine || fromLine > 0))
      throw new TypeError('csv: asObjects reads the first line; skipFirstLine and fromLine do not go with it');
    if (toLine > 0 && fromLine >= toLine) throw new TypeError('csv: fromLine has to be less than toLine');
    return { delimiter, asObjects: Boolean(asObjects), from: fromLine || (skipFirstLine ? 1 : 0), to: toLine };
  };
  class Records {
    constructor(file, settings) {
      this.path = stateOf(file).path;
      this.settings = settings;
      this.offset = this.line = 0;
      if (settings.asObjects) this.columns = this.take();
      while (this.line < settings.from && this.take()) {}
    }
    take() {
      const taken = native.record(this.path, this.settings.delimiter, this.offset);
      if (!taken) return undefined;
      const [record, offset] = taken;
      this.offset = offset;
      this.line += 1;
      this.width ??= record.length;
      if (record.length !== this.width)
        throw failure('SyntaxError', `csv: ${this.path}: record ${this.line} has ${record.length} fields where there are ${this.width}`);
      return record;
    }
    next() {
      if (this.settings.to > 0 && this.line > this.settings.to) return undefined;
      const record = this.take();
      if (!record || !this.columns) return record;
      return Object.fromEntries(this.columns.map((column, i) => [column, record[i]]));
    }
  }
  class Parser {
    #records;
    constructor(file, options) {
      if (!native.inInit()) throw new Error('csv Parser constructor must be called in the init context');
      if (file === undefined || file === null) throw new Error('csv Parser constructor takes at least one non-nil source argument');
      this.#records = new Records(file, settingsOf(options));
    }
    async next() {
      const value = this.#records.next();
      return { done: value === undefined, value: value ?? [] };
    }
  }
  const parse = async (file, options) => {
    const settings = settingsOf(options);
    return native.shared(`csv ${stateOf(file).path} ${JSON.stringify(settings)}`, () => {
      const records = new Records(file, settings);
      const all = [];
      for (let record = records.next(); record; record = records.next()) all.push(record);
      return all;
    });
  };
  return { makeFile, failure, File, SeekMode, Parser, parse };
}
