import assert from 'node:assert/strict';
import test from 'node:test';

import { ANSWER, ANSWER_LIMIT } from '../../web/js/patience.js';
import { Media } from '../../web/js/media.js';
import { FakeClock, fakePeers, settled } from './fakes.mjs';

const answerOf = (session) => ({ sdp: `v=0\r\no=- ${session} 1 IN IP4 0.0.0.0\r\ns=-\r\n`, slots: [] });

function setUp() {
  const clock = new FakeClock();
  const net = fakePeers();
  const seen = { offers: [], reconnects: 0, asked: 0, doubts: 0, heard: 0, socket: true };
  const media = new Media({
    clock,
    makePeer: net.makePeer,
    host: {
      offer: (offer) => seen.socket && Boolean(seen.offers.push(offer.sdp)),
      reconnect: () => seen.reconnects++,
      ask: () => seen.asked++,
      changed: () => {},
      doubt: () => seen.doubts++,
      heard: () => seen.heard++,
    },
  });
  return { clock, net, seen, media };
}

async function connected() {
  const all = setUp();
  await all.media.prepare();
  all.media.seated(answerOf(1));
  await settled();
  all.net.last.becomes('connected');
  return all;
}

test('the offer is ready before anybody joins, and is made once', async () => {
  const { net, media } = setUp();
  assert.equal(media.introduction, null);
  await Promise.all([media.prepare(), media.prepare()]);
  assert.equal(media.introduction.sdp, 'offer 0.1');
  assert.equal(net.peers.length, 1);
  media.seated(answerOf(1));
  assert.equal(media.introduction, null);
});

test('where peer connections cannot be made, preparing fails and can be tried again', async () => {
  const { media } = (() => {
    let count = 0;
    const net = fakePeers();
    const makePeer = (parts) => {
      if (!count++) throw new Error('no WebRTC here');
      return net.makePeer(parts);
    };
    const host = { offer: () => true, reconnect() {}, ask() {}, changed() {} };
    return { media: new Media({ clock: new FakeClock(), makePeer, host }) };
  })();
  await assert.rejects(media.prepare(), /no WebRTC/);
  await media.prepare();
  assert.ok(media.introduction);
});

test('a disconnected connection is restarted at once; one that flaps is given time', async () => {
  const { clock, net, seen, media } = await connected();
  net.last.becomes('disconnected');
  await settled();
  assert.deepEqual(net.last.offers.at(-1), { restart: true });
  assert.equal(media.trouble, true);
  await media.answered(answerOf(1));
  net.last.becomes('connected');
  assert.equal(media.trouble, false);

  clock.pass(1000);
  net.last.becomes('disconnected');
  await settled();
  clock.pass(1000);
  net.last.becomes('connected');
  clock.pass(10_000);
  await settled();
  assert.equal(seen.offers.length, 1);
  assert.equal(net.peers.length, 1);
});

/** Lets time pass in which sound comes, or does not. */
async function passes({ clock, net }, ms, sound) {
  for (let passed = 0; passed < ms; passed += 50) {
    if (sound) net.last.heard++;
    clock.pass(50);
    await settled();
  }
}

test('when nothing comes any more ICE is restarted, long before the browser says anything', async () => {
  const all = await connected();
  await passes(all, 3000, true);
  await passes(all, 600, false);
  assert.equal(all.net.last.state, 'connected');
  assert.deepEqual(all.net.last.offers.at(-1), { restart: true });
  assert.deepEqual([all.seen.offers.length, all.seen.doubts, all.media.trouble], [1, 1, true]);
  await all.media.answered(answerOf(1));
  await passes(all, 300, true);
  assert.deepEqual([all.seen.heard, all.media.trouble], [1, false]);
});

test('a silence without an end brings one restart at a time, ever more rarely', async () => {
  const all = await connected();
  await passes(all, 3000, true);
  await passes(all, 60_000, false);
  assert.deepEqual(new Set(all.seen.offers), new Set(['offer 0.2']), 'what has no answer is not made again');
  assert.ok(all.seen.offers.length < 6, `sent ${all.seen.offers.length} times`);
  assert.equal(all.net.last.offers.filter(({ restart }) => restart).length, 1);
});

test('after two restarts in vain comes a new peer connection, made known by a new greeting', async () => {
  const { clock, net, seen, media } = await connected();
  media.send('camera', 'a camera');
  net.last.becomes('failed');
  await settled();
  await media.answered(answerOf(1));
  assert.equal(seen.reconnects, 0);
  clock.pass(15_000);
  await settled();
  await media.answered(answerOf(1));
  assert.equal(seen.offers.length, 2);
  clock.pass(15_000);
  await settled();
  assert.equal(net.peers.length, 2);
  assert.equal(net.peers[0].closed, true);
  assert.equal(net.last.sends.camera, 'a camera');
  assert.equal(seen.reconnects, 1);
  assert.equal(media.introduction.sdp, 'offer 1.1');
  media.seated(answerOf(2));
  await settled();
  net.last.becomes('connected');
  assert.equal(media.trouble, false);
});

test('a state that is still bad when the answer comes does not restart again at once', async () => {
  const { clock, net, seen, media } = await connected();
  net.last.becomes('failed');
  await settled();
  await media.answered(answerOf(1));
  clock.pass(1000);
  await settled();
  assert.equal(seen.offers.length, 1);
});

test('broken DTLS needs a new peer connection at once', async () => {
  const { net, seen } = await connected();
  net.last.becomes('broken');
  await settled();
  assert.equal(net.peers.length, 2);
  assert.deepEqual([seen.offers.length, seen.reconnects], [0, 1]);
});

test('a connection that the server has closed is made anew, after a moment in which it may say why', async () => {
  const { clock, net, seen, media } = await connected();
  net.last.becomes('closed');
  clock.pass(900);
  await settled();
  assert.equal(seen.reconnects, 0);
  clock.pass(200);
  await settled();
  assert.deepEqual([net.peers.length, seen.reconnects], [2, 1]);

  media.seated(answerOf(2));
  await settled();
  net.last.becomes('closed');
  media.close();
  clock.pass(5000);
  await settled();
  assert.equal(net.peers.length, 2, 'it said that the session is over');
});

test('an answer that comes for a connection which is gone is not taken for that of the new one', async () => {
  const { net, media } = await connected();
  media.restart();
  await settled();
  media.lost();
  await media.answered(answerOf(2));
  await settled();
  assert.deepEqual([net.last.accepted, media.introduction.sdp], [[], 'offer 1.1']);
  media.seated(answerOf(3));
  await settled();
  assert.equal(net.last.accepted.length, 1);
});

test('an answer of another of the server\'s peers is not accepted', async () => {
  const { net, seen, media } = await connected();
  media.restart();
  await settled();
  await media.answered(answerOf(2));
  await settled();
  assert.equal(net.peers[0].accepted.length, 1);
  assert.equal(net.peers.length, 2);
  assert.equal(seen.reconnects, 1);
});

test('where an offer has no answer the server is asked for a sign of life, and long after that on another socket', async () => {
  const { clock, seen, media } = await connected();
  media.restart();
  await settled();
  clock.pass(ANSWER);
  assert.deepEqual([seen.asked, seen.reconnects], [1, 0]);
  clock.pass(ANSWER_LIMIT - ANSWER - 1);
  assert.deepEqual([seen.asked, seen.reconnects], [1, 0]);
  clock.pass(1);
  assert.deepEqual([seen.asked, seen.reconnects], [1, 1]);
  media.socketLost();
  assert.equal(media.greet(), null, 'it is made again: the network may be another one by now');
  media.seated(null);
  await settled();
  assert.deepEqual(seen.offers, ['offer 0.2', 'offer 0.3']);
});

test('an offer that was just made goes into the greeting of the next socket', async () => {
  const { clock, seen, media } = await connected();
  media.restart();
  await settled();
  clock.pass(200);
  media.socketLost();
  assert.equal(media.greet().sdp, 'offer 0.2');
  media.seated(answerOf(1));
  await settled();
  assert.equal(seen.offers.length, 1);
});

test('while the socket is away the restart waits for it', async () => {
  const { net, seen, media } = await connected();
  seen.socket = false;
  media.socketLost();
  net.last.becomes('failed');
  await settled();
  assert.equal(seen.offers.length, 0);
  seen.socket = true;
  media.seated(null);
  await settled();
  assert.deepEqual(seen.offers, ['offer 0.2'], 'when the greeting did not bring it');
  assert.equal(net.last.offers.length, 2);
});

test('a socket that changes while an offer is being made gets that one offer, not two', async () => {
  const { net, seen, media } = await connected();
  media.restart();
  media.socketLost();
  media.seated(null);
  media.restart();
  await settled();
  assert.equal(net.last.offers.length - 1, 1);
  assert.equal(seen.offers.length, 1);
  media.restart({ anew: true });
  await media.answered(answerOf(1));
  await settled();
  assert.equal(seen.offers.length, 2, 'on yet another network there is one more');
});

test('a socket that was lost while media went on offers nothing', async () => {
  const { seen, media } = await connected();
  media.socketLost();
  media.seated(null);
  await settled();
  assert.equal(seen.offers.length, 0);
});

test('more slots are offered once, one offer at a time', async () => {
  const { net, seen, media } = await connected();
  media.grow({ audio: 5, video: 6 });
  media.grow({ audio: 5, video: 6 });
  media.grow({ audio: 6, video: 7 });
  await settled();
  assert.deepEqual(net.last.offers.slice(1), [{ restart: false }]);
  await media.answered(answerOf(1));
  await settled();
  assert.equal(seen.offers.length, 2, 'what came while the first was out is offered after its answer');
  assert.deepEqual(net.last.slots, { audio: 6, video: 7 });
});

test('a new peer connection has the slots that were asked for', async () => {
  const { net, media } = await connected();
  media.grow({ audio: 6, video: 7 });
  media.lost();
  await settled();
  assert.deepEqual(net.last.slots, { audio: 6, video: 7 });
});

test('what is lost twice is made anew once', async () => {
  const { net, media, seen } = await connected();
  media.lost();
  media.lost();
  await settled();
  assert.equal(net.peers.length, 2);
  assert.equal(seen.reconnects, 1);
});

test('an answer that the browser refuses starts over', async () => {
  const { net, media } = await connected();
  net.last.accept = async () => {
    throw new Error('m-lines do not match');
  };
  media.restart();
  await settled();
  const error = console.error;
  console.error = () => {};
  await media.answered(answerOf(1));
  console.error = error;
  await settled();
  assert.equal(net.peers.length, 2);
});

test('closed, it sends nothing and prepares afresh', async () => {
  const { clock, net, media } = await connected();
  media.send('camera', 'a camera');
  media.close();
  clock.pass(60_000);
  await media.prepare();
  assert.equal(net.peers[0].closed, true);
  assert.deepEqual(net.last.sends, {});
});

test('what is sent is as the server wants it, and the least where the server could hardly be heard', async () => {
  const { net, media, clock } = await connected();
  media.want({ layers: { camera: ['f'] }, sound: 'small' });
  assert.equal(net.last.sound, 'small');
  const lost = { sent: [{ source: 'microphone', bitrate: 60_000, loss: 0.5 }] };
  media.look(lost);
  assert.equal(net.last.sound, 'small');
  clock.pass(5000);
  media.look(lost);
  assert.equal(net.last.sound, 'least');
  assert.deepEqual(net.last.wanted, { camera: [], screen: [] });
  media.want({ layers: { camera: ['q'] }, sound: 'usual' });
  assert.equal(net.last.sound, 'least');
  clock.pass(120_000);
  media.look({ sent: [] });
  assert.equal(net.last.sound, 'usual');
  assert.deepEqual(net.last.wanted, { camera: ['q'] });
});

test('an offer that was withdrawn for the sound is made again', async () => {
  const { net, media, seen, clock } = await connected();
  media.restart();
  await settled();
  const offers = seen.offers.length;
  net.last.waits = true;
  for (let look = 0; look < 2; look++) {
    media.look({ sent: [{ source: 'microphone', bitrate: 60_000, loss: 0.5 }] });
    clock.pass(1000);
    await settled();
  }
  assert.equal(seen.offers.length, offers + 1);
  assert.deepEqual(net.last.offers.at(-1), { restart: true });
});

test('while media goes over TCP a better way is looked for, unless something is wrong already', async () => {
  const { net, media, seen, clock } = await connected();
  const relayed = (relay) => ({ sent: [], path: { candidate: 'relay', protocol: 'udp', relay } });
  media.look(relayed('udp'));
  await settled();
  assert.equal(seen.offers.length, 0);
  net.last.becomes('disconnected');
  await settled();
  await media.answered(answerOf(1));
  const offers = net.last.offers.length;
  media.look(relayed('tls'));
  await settled();
  assert.equal(net.last.offers.length, offers);
  net.last.becomes('connected');
  media.look(relayed('tls'));
  await settled();
  assert.deepEqual(net.last.offers.slice(offers), [{ restart: true }]);
  await media.answered(answerOf(1));
  clock.pass(5000);
  media.look(relayed('tls'));
  await settled();
  assert.equal(net.last.offers.length, offers + 1);
});
