import assert from 'node:assert/strict';
import test from 'node:test';
import { askForCode, codeOf, grouped } from '../../web/js/code-digest.js';

const DIGEST = '0123456789abcdef'.repeat(4);
const TOLD = `${DIGEST}\n\n${'ab'.repeat(32)}  js/main.js\n`;
const address = (hash) => `https://video.clinic.example/static/${hash}/js/code-digest.js`;

test('the digest is the first line, and that of this page as its address says', () => {
  assert.deepEqual(codeOf(TOLD, address(DIGEST.slice(0, 16))), { digest: DIGEST, older: null });
});

test('a page that was loaded before the server got another version is told to be older', () => {
  assert.deepEqual(codeOf(TOLD, address('f'.repeat(16))), { digest: DIGEST, older: 'f'.repeat(16) });
});

test('what is no digest is not shown as one', () => {
  for (const told of ['', 'not found', DIGEST, `${DIGEST}0\n`, `<p>${DIGEST}</p>\n`, DIGEST.toUpperCase() + '\n']) {
    assert.equal(codeOf(told, address(DIGEST.slice(0, 16))), null, told);
  }
});

test('it is shown in groups that one can compare, with nothing left out', () => {
  assert.equal(grouped(DIGEST).length, 8);
  assert.equal(grouped(DIGEST).join(''), DIGEST);
});

test('the server is asked, and if it cannot be there is no digest', async () => {
  const asked = [];
  const answers = (ok) => async (path) => {
    asked.push(path);
    return { ok, text: async () => TOLD };
  };
  const here = address(DIGEST.slice(0, 16));
  assert.deepEqual(await askForCode({ fetch: answers(true), address: here }), { digest: DIGEST, older: null });
  assert.equal(await askForCode({ fetch: answers(false), address: here }), null);
  assert.equal(await askForCode({ fetch: () => Promise.reject(new TypeError('no network')), address: here }), null);
  assert.deepEqual(asked, ['/web-digest', '/web-digest']);
});
