import assert from 'node:assert/strict';
import test from 'node:test';

import { retryPause, LONGEST_PAUSE } from '../../web/js/clock.js';
import { Connection, socketUrl } from '../../web/js/connection.js';
import { FakeClock, fakeSockets } from './fakes.mjs';

function setUp() {
  const clock = new FakeClock();
  const net = fakeSockets();
  const seen = { received: [], lost: 0, unreachable: 0 };
  let hello = null;
  const connection = new Connection({
    url: 'ws://clinic/socket',
    clock,
    WebSocket: net.WebSocket,
    events: {
      hello: () => hello,
      receive: (message) => seen.received.push(message),
      lost: () => seen.lost++,
      unreachable: () => seen.unreachable++,
    },
  });
  return { clock, net, seen, connection, says: (message) => (hello = message) };
}

test('a warm socket says nothing, and greets at once when there is something to say', () => {
  const { net, connection, says } = setUp();
  connection.warm();
  net.last.opens();
  assert.deepEqual(net.last.sent, []);
  assert.equal(connection.open, false);
  says({ type: 'join' });
  connection.greet();
  assert.deepEqual(net.last.sent, [{ type: 'join' }]);
  assert.equal(net.sockets.length, 1);
  assert.equal(connection.open, true);
});

test('without a warm socket the greeting goes out as soon as there is one', () => {
  const { net, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet();
  assert.deepEqual(net.last.sent, []);
  net.last.opens();
  assert.deepEqual(net.last.sent, [{ type: 'join' }]);
});

test('nothing is sent before the greeting or while the socket is away', () => {
  const { net, connection, says } = setUp();
  connection.warm();
  net.last.opens();
  assert.equal(connection.send({ type: 'leave' }), false);
  says({ type: 'join' });
  connection.greet();
  assert.equal(connection.send({ type: 'leave' }), true);
  net.last.breaks();
  assert.equal(connection.send({ type: 'leave' }), false);
});

test('a warm socket that the server closed for silence is opened again, without haste', () => {
  const { clock, net, seen, connection } = setUp();
  connection.warm();
  net.last.opens();
  net.last.breaks();
  clock.pass(1900);
  assert.equal(net.sockets.length, 1);
  clock.pass(200);
  assert.equal(net.sockets.length, 2);
  assert.equal(seen.lost, 0);
});

test('a lost socket is opened again with growing pauses, and greets again', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet();
  net.last.opens();
  net.last.says({ type: 'joined' });
  connection.settle();
  says({ type: 'resume' });
  net.last.breaks();
  assert.equal(seen.lost, 1);
  const pauses = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const before = clock.now();
    const count = net.sockets.length;
    while (net.sockets.length === count) clock.pass(10);
    pauses.push(clock.now() - before);
    if (attempt < 3) net.last.breaks();
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000]);
  net.last.opens();
  assert.deepEqual(net.last.sent, [{ type: 'resume' }]);
  assert.equal(seen.lost, 1, 'one loss, however many attempts');
});

test('after five minutes without a socket it gives up, once', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet();
  net.last.opens();
  net.last.says({ type: 'joined' });
  connection.settle();
  for (let second = 0; second < 320; second++) {
    if (second === 290) assert.equal(seen.unreachable, 0);
    if (net.last.readyState === 0 || net.last.readyState === 1) net.last.breaks();
    clock.pass(1000);
  }
  assert.equal(seen.unreachable, 1);
  const count = net.sockets.length;
  clock.pass(100_000);
  assert.equal(net.sockets.length, count);
});

test('a machine that slept past the deadline still gets one attempt', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'resume' });
  connection.greet();
  net.last.opens();
  net.last.says({ type: 'joined' });
  connection.settle();
  clock.sleeps(600_000);
  net.last.breaks();
  assert.equal(seen.unreachable, 0);
  clock.pass(1000);
  net.last.opens();
  assert.deepEqual(net.last.sent, [{ type: 'resume' }]);
});

test('a join is given up sooner than a seat', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet(15_000);
  for (let second = 0; second < 30; second++) {
    if (net.last.readyState === 0) net.last.breaks();
    clock.pass(1000);
  }
  assert.equal(seen.unreachable, 1);
});

test('a seat is worth the longer patience, however short that for the join was', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet(15_000);
  net.last.opens();
  net.last.says({ type: 'joined' });
  connection.settle();
  for (let second = 0; second < 40; second++) {
    if (net.last.readyState < 2) net.last.breaks();
    clock.pass(1000);
  }
  assert.equal(seen.unreachable, 0);
});

test('a greeting that is never answered is repeated on a new socket', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'resume' });
  connection.greet();
  net.last.opens();
  clock.pass(9000);
  assert.equal(net.sockets.length, 2);
  assert.equal(net.sockets[0].readyState, 3);
  assert.equal(seen.lost, 1);
});

test('a socket that is not trusted is replaced at once, and what it says no longer counts', () => {
  const { net, seen, connection, says } = setUp();
  says({ type: 'resume' });
  connection.greet();
  const [old] = net.sockets;
  old.opens();
  connection.reopen();
  assert.equal(net.sockets.length, 2);
  old.says({ type: 'over' });
  old.breaks();
  assert.deepEqual(seen.received, []);
  assert.equal(net.sockets.length, 2);
});

function seated() {
  const all = setUp();
  all.says({ type: 'resume' });
  all.connection.greet();
  all.net.last.opens();
  all.net.last.says({ type: 'joined' });
  all.connection.settle();
  return all;
}

const pings = (socket) => socket.sent.filter(({ type }) => type === 'ping').length;

test('a quiet server is asked for a sign of life, and one that gives it is kept', () => {
  const { clock, net, seen } = seated();
  clock.pass(9000);
  assert.equal(pings(net.last), 0);
  clock.pass(1500);
  assert.equal(pings(net.last), 1);
  net.last.says({ type: 'pong' });
  clock.pass(9000);
  net.last.says({ type: 'state' });
  clock.pass(9000);
  assert.deepEqual([net.sockets.length, pings(net.last), seen.lost], [1, 1, 0]);
  assert.deepEqual(seen.received.at(-1), { type: 'state' }, 'a pong is nobody else\'s business');
});

test('a socket that gives no sign of life is opened anew', () => {
  const { clock, net, seen } = seated();
  clock.pass(15_000);
  assert.deepEqual([net.sockets.length, seen.lost], [2, 1]);
});

test('a socket that is doubted stays in use until it is certain which of two is alive', () => {
  const { clock, net, seen, connection } = seated();
  const [first] = net.sockets;
  connection.doubt();
  connection.doubt();
  assert.equal(net.sockets.length, 2);
  assert.equal(connection.send({ type: 'offer' }), true);
  assert.deepEqual(first.sent.map(({ type }) => type), ['resume', 'ping', 'offer']);
  first.says({ type: 'pong' });
  assert.equal(net.last.readyState, 3, 'the second is not needed');
  clock.pass(5000);
  assert.deepEqual([seen.lost, connection.open], [0, true]);
});

test('a second socket that is there before a sign of life takes the first one\'s place', () => {
  const { net, seen, connection } = seated();
  const [first] = net.sockets;
  connection.doubt();
  net.last.opens();
  assert.deepEqual([first.readyState, seen.lost], [3, 1]);
  assert.deepEqual(net.last.sent, [{ type: 'resume' }]);
  first.says({ type: 'over' });
  net.last.says({ type: 'joined' });
  assert.deepEqual(seen.received.map(({ type }) => type), ['joined', 'joined']);
});

test('without a network both are waited for, and what is on its way is not begun again', () => {
  const { clock, net, seen, connection } = seated();
  connection.doubt();
  clock.pass(4100);
  assert.deepEqual([net.sockets.length, net.sockets[0].readyState, seen.lost], [2, 3, 1]);
  net.last.opens();
  assert.deepEqual(net.last.sent, [{ type: 'resume' }]);
});

test('as soon as there may be a network again an old attempt is begun anew, a fresh one is not', () => {
  const { clock, net, connection } = seated();
  connection.reopen();
  connection.hurry();
  assert.equal(net.sockets.length, 2);
  clock.pass(1500);
  connection.hurry();
  assert.equal(net.sockets.length, 3);
});

test('after a refusal the socket stays for a second greeting', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'join', move: false });
  connection.greet();
  net.last.opens();
  net.last.says({ type: 'error' });
  connection.hush();
  clock.pass(60_000);
  says({ type: 'join', move: true });
  connection.greet();
  assert.deepEqual(net.last.sent, [{ type: 'join', move: false }, { type: 'join', move: true }]);
  assert.deepEqual([net.sockets.length, seen.lost], [1, 0]);
});

test('what is postponed is tried again with growing pauses until the patience ends', () => {
  const { clock, net, seen, connection, says } = setUp();
  says({ type: 'resume' });
  connection.greet();
  for (let tries = 0; tries < 300 && !seen.unreachable; tries++) {
    net.last.opens();
    net.last.says({ type: 'error', code: 'restarting' });
    connection.postpone();
    clock.pass(LONGEST_PAUSE);
  }
  assert.equal(seen.unreachable, 1);
  assert.ok(net.sockets.length < 160, `${net.sockets.length} attempts in five minutes`);
});

test('text that is no message is passed over', () => {
  const { net, seen, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet();
  net.last.opens();
  for (const text of ['', '{', 'null', '[]', '{"type": 1}', '"joined"']) net.last.says(text);
  assert.deepEqual(seen.received, []);
});

test('closed is closed', () => {
  const { clock, net, connection, says } = setUp();
  says({ type: 'join' });
  connection.greet();
  net.last.opens();
  connection.close();
  connection.reopen();
  connection.hurry();
  clock.pass(100_000);
  assert.equal(net.sockets.length, 1);
  assert.equal(net.last.readyState, 3);
});

test('pauses grow, are never longer than the longest, and differ by chance', () => {
  assert.equal(retryPause(0, 1), 250);
  assert.equal(retryPause(0, 0), 125);
  for (const attempt of [6, 50, 5000]) assert.equal(retryPause(attempt, 1), LONGEST_PAUSE);
});

test('the socket has the address of the page', () => {
  assert.equal(socketUrl({ protocol: 'https:', host: 'video.clinic.example' }), 'wss://video.clinic.example/socket');
  assert.equal(socketUrl({ protocol: 'http:', host: 'localhost:8080' }), 'ws://localhost:8080/socket');
});
