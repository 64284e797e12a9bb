// SPDX-License-Identifier: MIT OR Apache-2.0
// Node as a user of malloc: the compiler's zones, Buffers outside V8's heap, workers, zlib, crypto.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const zlib = require('zlib');

let seed = 4711;
function number(limit) {
  seed = (seed * 48271) % 2147483647;
  return seed % limit;
}

function tree(depth) {
  if (depth === 0) return { leaf: number(1000), text: 'x'.repeat(number(40)) };
  return { depth, parts: Array.from({ length: 4 }, () => tree(depth - 1)) };
}

function json() {
  let text = JSON.stringify(tree(7));
  for (let i = 0; i < 10; i++) text = JSON.stringify(JSON.parse(text));
  return crypto.createHash('sha256').update(text).digest('hex');
}

function buffers() {
  const hash = crypto.createHash('sha256');
  let held = [];
  for (let i = 0; i < 20000; i++) {
    const size = i % 100 ? number(9000) + 1 : number(300000) + 1;
    held.push(Buffer.alloc(size, i & 255));
    if (held.length > 200) {
      const all = Buffer.concat(held.filter((_, k) => k % 50 === 0));
      hash.update(all);
      held = held.filter((_, k) => k % 2 === 0);
    }
  }
  const source = Buffer.from('secret '.repeat(200000));
  const back = zlib.gunzipSync(zlib.gzipSync(source));
  hash.update(zlib.brotliDecompressSync(zlib.brotliCompressSync(source, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 },
  })));
  return `${hash.digest('hex')} ${back.equals(source)}`;
}

function compile() {
  let sum = 0;
  for (let i = 0; i < 1500; i++) {
    const body = `let s = 0; for (let k = 0; k < ${i % 40}; k++) s += a * k; return s;`;
    sum += new Function('a', body)(i);
    sum += `${i}`.repeat(20).replace(new RegExp(`(${i % 10})+`, 'g'), '<$1>').length;
  }
  return sum;
}

if (!isMainThread) {
  seed = workerData;
  parentPort.postMessage({ json: json(), bytes: new Uint8Array(100000).fill(workerData) });
} else {
  console.log('json', json());
  console.log('buffers', buffers());
  console.log('compile', compile());
  const start = (n) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: n });
    worker.on('message', (m) => resolve(`${n} ${m.json} ${m.bytes[5]}`));
    worker.on('error', reject);
  });
  (async () => {
    for (let round = 0; round < 3; round++)
      for (const line of await Promise.all([1, 2, 3, 4].map((n) => start(n + 10 * round))))
        console.log('worker', line);
  })();
}
