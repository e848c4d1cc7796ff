import assert from 'node:assert/strict';
import test from 'node:test';

import { BetterWay, LONGER, REST } from '../../web/js/better-way.js';

const TCP = { candidate: 'host', protocol: 'tcp', relay: null };
const UDP = { candidate: 'srflx', protocol: 'udp', relay: null };
const relayed = (relay) => ({ candidate: 'relay', protocol: 'udp', relay });

test('over UDP, directly or to a relay, there is no better way; nor is there where none is known', () => {
  const better = new BetterWay();
  for (const path of [UDP, relayed('udp'), relayed(null), null, undefined]) assert.equal(better.look(path, 0), false);
});

test('over TCP a better way is looked for at once, whatever the TCP leads to', () => {
  for (const path of [TCP, relayed('tcp'), relayed('tls')]) assert.equal(new BetterWay().look(path, 0), true);
});

test('it is looked for ever more rarely, also where UDP came and went in between', () => {
  const better = new BetterWay();
  assert.equal(better.look(relayed('tls'), 0), true);
  assert.equal(better.look(relayed('tls'), REST - 1), false);
  assert.equal(better.look(UDP, REST - 1), false);
  assert.equal(better.look(TCP, REST), true);
  assert.equal(better.look(TCP, REST + LONGER * REST - 1), false);
  assert.equal(better.look(TCP, REST + LONGER * REST), true);
});
