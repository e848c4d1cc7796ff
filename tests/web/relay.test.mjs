import assert from 'node:assert/strict';
import test from 'node:test';

import { Connection } from '../../web/js/connection.js';
import { Media } from '../../web/js/media.js';
import { Relay } from '../../web/js/relay.js';
import { SeatMemory } from '../../web/js/seat.js';
import { Session } from '../../web/js/session.js';
import { FakeClock, FakeDevices, FakeStorage, fakeLocks, fakePeers, fakeSockets, settled } from './fakes.mjs';

const SERVERS = [{ urls: ['turn:turn.example.org'], username: '1:x', credential: 'c' }];

/** A server that answers when the test says so. */
function fakeFetch() {
  const asked = [];
  const fetch = (url, { headers }) =>
    new Promise((resolve, reject) => {
      asked.push({
        url,
        token: headers.Authorization.replace('Bearer ', ''),
        answers: (body = { ice_servers: SERVERS, seconds: 300 }, ok = true) =>
          resolve({ ok, json: async () => body }),
        fails: () => reject(new TypeError('offline')),
      });
    });
  return { fetch, asked };
}

function setUp(wanted = true) {
  const clock = new FakeClock();
  const { fetch, asked } = fakeFetch();
  let changes = 0;
  const relay = new Relay({ wanted, clock, fetch, changed: () => changes++ });
  return { clock, asked, relay, changes: () => changes };
}

test('where the clinic has no TURN server nothing is asked', () => {
  const { relay, asked } = setUp(false);
  void relay.refresh('token');
  assert.equal(asked.length, 0);
  assert.deepEqual(relay.servers, []);
});

test('without a link nothing is asked', () => {
  const { relay, asked } = setUp();
  void relay.refresh(null);
  assert.equal(asked.length, 0);
});

test('servers are asked for once, used while they are good, and asked for again after that', async () => {
  const { relay, asked, clock, changes } = setUp();
  void relay.refresh('token');
  void relay.refresh('token');
  assert.deepEqual(asked.map(({ url, token }) => [url, token]), [['/api/ice', 'token']]);
  asked[0].answers();
  await settled();
  assert.deepEqual(relay.servers, SERVERS);
  assert.equal(changes(), 1);
  clock.pass(200_000);
  void relay.refresh('token');
  assert.equal(asked.length, 1);
  clock.pass(100_000);
  assert.deepEqual(relay.servers, []);
  void relay.refresh('resume');
  assert.equal(asked[1].token, 'resume');
});

test('a server that cannot be reached, or refuses, changes nothing and is left alone for a while', async () => {
  const { relay, asked, clock, changes } = setUp();
  void relay.refresh('token');
  asked[0].fails();
  await settled();
  void relay.refresh('token');
  assert.equal(asked.length, 1);
  clock.pass(6000);
  void relay.refresh('token');
  asked[1].answers({ code: 'too_many_requests' }, false);
  await settled();
  assert.equal(changes(), 0);
  assert.deepEqual(relay.servers, []);
});

// What the media connection makes of them

const answerOf = (session) => ({ sdp: `v=0\r\no=- ${session} 1 IN IP4 0.0.0.0\r\ns=-\r\n`, slots: [] });

function mediaSetUp() {
  const clock = new FakeClock();
  const net = fakePeers();
  const seen = { offers: [], servers: [] };
  const given = [];
  const makePeer = (parts) => {
    given.push(parts.iceServers);
    const peer = net.makePeer(parts);
    peer.setIceServers = (servers) => given.push(servers);
    return peer;
  };
  const media = new Media({
    clock,
    makePeer,
    host: {
      offer: (offer) => Boolean(seen.offers.push(offer.sdp)),
      reconnect() {},
      ask() {},
      changed() {},
      iceServers: () => seen.servers,
    },
  });
  return { clock, net, seen, given, media };
}

test('servers that come before anybody joins are in the offer, and joining waits for that offer', async () => {
  const { net, seen, given, media } = mediaSetUp();
  await media.prepare();
  seen.servers = SERVERS;
  const done = net.dawdle();
  media.iceServersChanged(true);
  assert.equal(media.introduction, null);
  const ready = media.prepare();
  done();
  await ready;
  assert.deepEqual(given, [[], SERVERS]);
  assert.equal(media.introduction.sdp, 'offer 0.2');
  assert.deepEqual(net.last.offers[1], { restart: true });
});

test('servers that come while the first offer is made are in the one that is sent', async () => {
  const { seen, media } = mediaSetUp();
  const first = media.prepare();
  seen.servers = SERVERS;
  media.iceServersChanged(true);
  await first;
  assert.equal(media.introduction, null);
  await media.prepare();
  assert.equal(media.introduction.sdp, 'offer 0.2');
});

test('servers that come while joining delay nothing; who is not connected a second later restarts with them', async () => {
  const { clock, net, seen, given, media } = mediaSetUp();
  await media.prepare();
  seen.servers = SERVERS;
  media.iceServersChanged(false);
  assert.equal(media.introduction.sdp, 'offer 0.1');
  assert.deepEqual(given, [[], SERVERS]);
  media.seated(answerOf(1));
  await settled();
  clock.pass(900);
  assert.equal(seen.offers.length, 0);
  clock.pass(200);
  await settled();
  assert.deepEqual(seen.offers, ['offer 0.2']);
  assert.deepEqual(net.last.offers[1], { restart: true });
});

test('who is connected when servers come goes on undisturbed', async () => {
  const { clock, net, seen, media } = mediaSetUp();
  await media.prepare();
  media.seated(answerOf(1));
  await settled();
  net.last.becomes('connected');
  seen.servers = SERVERS;
  media.iceServersChanged(false);
  clock.pass(20_000);
  await settled();
  assert.equal(seen.offers.length, 0);
});

test('who is in trouble when servers come restarts with them at once', async () => {
  const { clock, net, seen, media } = mediaSetUp();
  await media.prepare();
  media.seated(answerOf(1));
  await settled();
  net.last.becomes('connected');
  net.last.becomes('failed');
  await settled();
  assert.equal(seen.offers.length, 1);
  await media.answered(answerOf(1));
  seen.servers = SERVERS;
  media.iceServersChanged(false);
  await settled();
  assert.equal(seen.offers.length, 2);
  clock.pass(0);
});

test('a peer connection that replaces another one has the servers from the beginning', async () => {
  const { net, seen, given, media } = mediaSetUp();
  await media.prepare();
  media.seated(answerOf(1));
  await settled();
  seen.servers = SERVERS;
  net.last.becomes('broken');
  await settled();
  assert.deepEqual(given, [[], SERVERS]);
});

// From the page to the offer

function page() {
  const clock = new FakeClock();
  const { fetch, asked } = fakeFetch();
  const net = fakeSockets();
  const peers = fakePeers();
  const makePeer = (parts) => Object.assign(peers.makePeer(parts), { setIceServers() {} });
  const session = new Session({
    settings: { video: { width: 1280, height: 720, frame_rate: 30 }, clockOffset: 0, turn: true },
    devices: new FakeDevices(),
    memory: new SeatMemory({ storage: new FakeStorage(), locks: fakeLocks() }),
    connect: (events) => new Connection({ url: 'ws://clinic/socket', clock, WebSocket: net.WebSocket, events }),
    makeMedia: (host) => new Media({ clock, makePeer, host }),
    makeRelay: (changed) => new Relay({ wanted: true, changed, clock, fetch }),
    watch: () => () => {},
  });
  return { session, asked, net, clock };
}

test('the page that shows the preview asks with its link, and the join carries the offer with the servers', async () => {
  const { session, asked, net } = page();
  session.prepare('link');
  assert.deepEqual(asked.map(({ token }) => token), ['link']);
  asked[0].answers();
  await settled();
  net.last.opens();
  session.join({ token: 'link', name: 'Sam' });
  await settled();
  const [join] = net.last.sent;
  assert.equal(join.type, 'join');
  assert.equal(join.offer.sdp, 'offer 0.2');
});

test('a join does not wait for servers that do not come', async () => {
  const { session, asked, net } = page();
  session.prepare('link');
  await settled();
  net.last.opens();
  session.join({ token: 'link', name: 'Sam' });
  await settled();
  assert.equal(net.last.sent[0].offer.sdp, 'offer 0.1');
  assert.equal(asked.length, 1);
});
