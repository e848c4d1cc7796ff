// What becomes of what is written, when it can be sealed and when not.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Writing } from '../../web/js/writing.js';

const SEAL = async (text) => `sealed ${text}`;
const OPEN = async (from, text) => text;

function writing({ seal = SEAL, open = OPEN, connected = true } = {}) {
  const [asked, came] = [[], []];
  const encryption = { seals: true, seal, open, nameOf: () => undefined };
  const ask = (message) => {
    if (connected) asked.push(message);
    return connected;
  };
  const host = { ask, came: (moment) => came.push(moment), me: () => 'me' };
  return { asked, came, writing: new Writing({ encryption, host }) };
}

test('without anybody who has a key nothing is sent, and this is said', async () => {
  const page = writing({ seal: async () => null });
  assert.equal(await page.writing.say('Hello'), 'nobody');
  assert.deepEqual(page.asked, []);
});

test('what was not sent does not stop what comes after it', async () => {
  let fails = true;
  const page = writing({
    seal: async (text) => {
      if (fails) throw new Error('no worker');
      return text;
    },
  });
  await assert.rejects(page.writing.say('one'));
  fails = false;
  assert.equal(await page.writing.say('two'), 'sent');
  assert.deepEqual(page.asked.map(({ text, sealed }) => [text, sealed]), [['two', true]]);
});

test('what cannot be opened is told to be there', async () => {
  const page = writing({ open: async () => null });
  page.writing.came({ person: 'ann', name: '', text: 'xyz', sealed: true, at: 1, ref: null });
  await new Promise(setImmediate);
  assert.deepEqual(page.came, [{ person: 'ann', name: '', text: '', unreadable: true, at: 1, mine: false }]);
});
