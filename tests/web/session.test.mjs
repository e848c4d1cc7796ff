import assert from 'node:assert/strict';
import test from 'node:test';

import { Connection } from '../../web/js/connection.js';
import { Encryption } from '../../web/js/e2ee/encryption.js';
import { Media } from '../../web/js/media.js';
import { SeatMemory } from '../../web/js/seat.js';
import { Session } from '../../web/js/session.js';
import { FakeClock, FakeDevices, FakeStorage, fakeLocks, fakePeers, fakeSockets, settled } from './fakes.mjs';

const INVITATION = { token: 'invitation', name: 'Sam' };
const ANSWER = { sdp: 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n', slots: [] };
const ME = { id: 'me', name: 'Sam', role: 'patient', screen: false, reconnecting: false };
const THERAPIST = ['enter', 'publish', 'share_screen', 'chat', 'admit'];

let revision = 0;
const stateOf = (phase, more = {}) => ({
  type: 'state',
  revision: ++revision,
  phase,
  you: ME,
  may: phase === 'present' ? ['publish', 'chat'] : [],
  people: [],
  waiting: [],
  hosts: [],
  slots: [],
  encryption: 'preferred',
  clear: false,
  ...more,
});

/** A page: session and all, with the browser and the server in the test's hands. */
function open({ storage = new FakeStorage(), locks = fakeLocks(), answers = ANSWER } = {}) {
  const clock = new FakeClock();
  const net = fakeSockets();
  const peers = fakePeers();
  const devices = new FakeDevices();
  let wake;
  const session = new Session({
    settings: { video: { width: 1280, height: 720, frame_rate: 30 }, clockOffset: 0 },
    devices,
    memory: new SeatMemory({ storage, locks }),
    connect: (events) => new Connection({ url: 'ws://clinic/socket', clock, WebSocket: net.WebSocket, events }),
    makeMedia: (host) => new Media({ clock, makePeer: peers.makePeer, host }),
    clock,
    makeEncryption: (host) => new Encryption({ host, clock, way: null }),
    watch: (listener) => {
      wake = listener;
      return () => {};
    },
  });
  const moments = [];
  for (const kind of ['chat', 'mute_requested', 'move_requested', 'refused']) {
    session.on(kind, (moment) => moments.push({ kind, ...moment }));
  }
  return { clock, net, peers, devices, session, moments, storage, locks, answers, wake: (kind) => wake(kind) };
}

async function joining(page, more = {}) {
  page.devices.has('microphone', 'a microphone');
  page.devices.has('camera', 'a camera');
  page.session.prepare();
  await settled();
  page.net.last.opens();
  page.session.join({ ...INVITATION, ...more });
  await settled();
  return page;
}

async function inside(page, phase = 'present', more = {}) {
  await joining(page);
  page.net.last.says({ type: 'joined', you: 'me', resume: 'resume 1', answer: ANSWER });
  page.net.last.says(stateOf(phase, more));
  await settled();
  page.peers.last.becomes('connected');
  return page;
}

test('joining sends invitation and offer in one message, on the socket that was opened before', async () => {
  const page = await joining(open());
  assert.equal(page.session.state.phase, 'joining');
  assert.equal(page.net.sockets.length, 1);
  assert.deepEqual(page.net.last.sent, [
    {
      type: 'join',
      token: 'invitation',
      name: 'Sam',
      encrypts: false,
      move: false,
      offer: { sdp: 'offer 0.1', sources: {} },
      microphone: true,
      camera: true,
    },
  ]);
});

test('nothing leaves the machine of somebody who waits; once admitted, everything does', async () => {
  const page = await inside(open(), 'waiting');
  assert.equal(page.session.state.phase, 'waiting');
  assert.deepEqual([page.session.state.microphone, page.session.state.camera], [true, true]);
  assert.ok(!Object.values(page.peers.last.sends).some(Boolean));
  page.net.last.says(stateOf('present'));
  assert.deepEqual(page.peers.last.sends, { microphone: 'a microphone', camera: 'a camera' });
});

test('the picture is on its way before the pages draw', async () => {
  const page = await inside(open(), 'waiting');
  let sending;
  page.session.subscribe(({ phase }) => {
    if (phase === 'present') sending ??= page.peers.last.sends.camera;
  });
  page.net.last.says(stateOf('present'));
  assert.equal(sending, 'a camera');
});

test('switched off means that nothing is sent, and the server is told first', async () => {
  const page = await inside(open());
  await page.session.setCamera(false);
  assert.equal(page.peers.last.sends.camera, null);
  assert.deepEqual(page.net.last.sent.at(-1), { type: 'devices', microphone: true, camera: false, screen: false });
  assert.equal(page.devices.track('camera'), null, 'its light is out');
  await page.session.setMicrophone(false);
  assert.equal(page.peers.last.sends.microphone, null);
  assert.equal(page.devices.muted, true);
  assert.equal(await page.session.setCamera(true), true);
  assert.equal(page.peers.last.sends.camera, 'a camera');
  assert.deepEqual(page.devices.opened, [{ audio: false, video: true }]);
});

test('an unplugged camera is told to the others, and so is its return', async () => {
  const page = await inside(open());
  page.devices.has('camera', null);
  assert.equal(page.session.state.camera, false);
  assert.equal(page.net.last.sent.at(-1).camera, false);
  page.devices.has('camera', 'a camera again');
  assert.equal(page.peers.last.sends.camera, 'a camera again');
  assert.equal(page.net.last.sent.at(-1).camera, true);
});

test('a microphone that was switched off stays off when it is plugged in again', async () => {
  const page = await inside(open());
  await page.session.setMicrophone(false);
  page.devices.has('microphone', null);
  page.devices.has('microphone', 'another microphone');
  assert.equal(page.peers.last.sends.microphone, null);
  assert.equal(page.session.state.microphone, false);
});

test('who may not publish sends nothing and holds no device', async () => {
  const page = await inside(open(), 'present', { may: ['chat'] });
  assert.ok(!Object.values(page.peers.last.sends).some(Boolean));
  assert.equal(page.devices.track('camera'), null);
});

test('a refused join says why, and the next one can be made at once', async () => {
  const page = await joining(open());
  page.net.last.says({ type: 'error', code: 'locked', error: 'Locked.' });
  assert.equal(page.session.state.phase, 'idle');
  assert.deepEqual(page.session.state.refused, { code: 'locked', error: 'Locked.' });
  page.net.last.breaks();
  page.session.join(INVITATION);
  await settled();
  assert.equal(page.session.state.refused, null);
  page.clock.pass(3000);
  page.net.last.opens();
  assert.equal(page.net.last.sent[0].offer.sdp, 'offer 0.1', 'the offer that was refused with it is still good');
});

test('a call moves here when the other device agrees', async () => {
  const page = await joining(open());
  page.net.last.says({ type: 'error', code: 'already_joined', error: '' });
  assert.equal(page.session.state.refused.code, 'already_joined');
  page.session.join({ ...INVITATION, move: true });
  await settled();
  assert.equal(page.net.last.sent.at(-1).move, true);
  page.net.last.says({ type: 'moving' });
  assert.equal(page.session.state.phase, 'moving');
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: ANSWER });
  page.net.last.says(stateOf('present'));
  assert.equal(page.session.state.phase, 'present');
});

test('without a server a join ends with a refusal of our own', async () => {
  const page = open();
  page.session.join(INVITATION);
  await settled();
  for (let second = 0; second < 30 && page.session.state.phase === 'joining'; second++) {
    if (page.net.last.readyState === 0) page.net.last.breaks();
    page.clock.pass(1000);
  }
  assert.equal(page.session.state.refused.code, 'unreachable');
  page.session.join(INVITATION);
  assert.equal(page.session.state.phase, 'joining');
});

test('a dropped socket is not a dropped call', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  assert.deepEqual([page.session.state.phase, page.session.state.connection], ['present', 'ok']);
  assert.equal(page.peers.last.sends.camera, 'a camera');
  page.clock.pass(300);
  page.net.last.opens();
  assert.deepEqual(page.net.last.sent, [
    { type: 'resume', token: 'resume 1', encrypts: false, offer: null, microphone: true, camera: true },
  ]);
  page.net.last.says({ type: 'joined', you: 'me', resume: 'resume 2', answer: null });
  revision = 0;
  page.net.last.says(stateOf('present', { locked: true }));
  await settled();
  assert.equal(page.session.state.connection, 'ok');
  assert.equal(page.session.state.server.locked, true, 'a resumed session may count from the start again');
  assert.equal(page.peers.peers.length, 1);
  assert.equal(page.peers.last.offers.length, 1);
});

test('what was switched while the socket was away is told in the greeting', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  await page.session.setMicrophone(false);
  page.clock.pass(300);
  page.net.last.opens();
  assert.equal(page.net.last.sent[0].microphone, false);
  page.session.raiseHand(true);
  assert.equal(page.moments.at(-1).code, 'not_connected');
});

test('what the greeting did not say yet is told after it', async () => {
  const page = await joining(open());
  await page.session.setMicrophone(false);
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: ANSWER });
  const told = page.net.last.sent.at(-1);
  assert.deepEqual([told.type, told.microphone, told.camera], ['devices', false, true]);
});

test('a lost seat is asked for again at the door, and nothing is sent before being let in', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'error', code: 'resume_expired', error: '' });
  await settled();
  page.net.last.opens();
  const [hello] = page.net.last.sent;
  assert.deepEqual([hello.type, hello.token, hello.offer.sdp], ['join', 'invitation', 'offer 1.1']);
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: ANSWER });
  page.net.last.says(stateOf('waiting'));
  assert.equal(page.session.state.phase, 'waiting');
  assert.ok(!Object.values(page.peers.last.sends).some(Boolean));
  page.net.last.says(stateOf('present'));
  assert.equal(page.peers.last.sends.camera, 'a camera');
});

test('a lost seat is asked for once, however long the browser takes to make its offer', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  const made = page.peers.dawdle();
  page.net.last.says({ type: 'error', code: 'resume_expired', error: '' });
  page.net.last.breaks();
  page.clock.pass(1000);
  page.net.last.opens();
  assert.deepEqual(page.net.last.sent, []);
  made();
  await settled();
  page.net.last.opens();
  const joins = page.net.sockets.flatMap(({ sent }) => sent).filter(({ token, offer }) => token === 'invitation' && offer);
  assert.equal(page.net.sockets.flatMap(({ sent }) => sent).filter(({ type }) => type === 'join').length, 2);
  assert.equal(joins.at(-1).offer.sdp, 'offer 1.1');
});

test('a lost seat with no way back is over', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'error', code: 'resume_expired', error: '' });
  await settled();
  page.net.last.opens();
  page.net.last.says({ type: 'error', code: 'token_revoked', error: 'Removed.' });
  assert.equal(page.session.state.phase, 'over');
  assert.deepEqual(page.session.state.over, { reason: 'lost', error: 'Removed.' });
});

test('a server that is starting again is asked again, not given up', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'error', code: 'restarting', error: '' });
  assert.equal(page.session.state.phase, 'present');
  page.clock.pass(1000);
  page.net.last.opens();
  assert.equal(page.net.last.sent[0].type, 'resume');
});

test('a reloaded page takes its seat again with its devices', async () => {
  const before = await inside(open());
  await before.session.setMicrophone(false);
  const page = open({ storage: before.storage });
  assert.equal(page.session.resumeStored(), true);
  assert.equal(page.session.state.phase, 'joining');
  await settled();
  page.net.last.opens();
  const [hello] = page.net.last.sent;
  assert.deepEqual([hello.type, hello.token, hello.offer.sdp], ['resume', 'resume 1', 'offer 0.1']);
  assert.deepEqual(page.devices.opened, [{ audio: false, video: true }]);
  assert.equal(page.devices.muted, true);
  page.net.last.says({ type: 'joined', you: 'me', resume: 'resume 2', answer: ANSWER });
  page.net.last.says(stateOf('present'));
  assert.equal(page.peers.last.sends.camera, 'a camera');
  assert.ok(!page.peers.last.sends.microphone);
});

test('a reloaded page whose socket is there before its offer waits for it: without one it would get no media', async () => {
  const before = await inside(open());
  const page = open({ storage: before.storage });
  const made = page.peers.dawdle();
  page.session.resumeStored();
  await settled();
  page.net.last.opens();
  await settled();
  assert.deepEqual(page.net.last.sent, []);
  made();
  await settled();
  assert.deepEqual(page.net.last.sent.map(({ type, offer }) => [type, offer?.sdp]), [['resume', 'offer 0.1']]);
});

test('a reloaded page whose seat is gone shows the join form, without a reproach and without devices', async () => {
  const before = await inside(open());
  const page = open({ storage: before.storage });
  page.session.resumeStored();
  await settled();
  page.net.last.opens();
  page.net.last.says({ type: 'error', code: 'resume_expired', error: '' });
  await settled();
  assert.deepEqual([page.session.state.phase, page.session.state.refused], ['idle', null]);
  assert.equal(page.devices.track('camera'), null);
  assert.equal(open({ storage: before.storage }).session.resumeStored(), false);
});

test('a page without a seat has nothing to resume', () => {
  assert.equal(open().session.resumeStored(), false);
});

test('over is over: nothing is sent, nothing is open, nothing is remembered', async () => {
  const page = await inside(open());
  page.net.last.says({ type: 'over', reason: 'ended', error: 'The session has ended.' });
  const { state } = page.session;
  assert.deepEqual([state.phase, state.over.reason, state.camera, state.microphone], ['over', 'ended', false, false]);
  assert.equal(page.peers.last.closed, true);
  assert.equal(page.devices.track('camera'), null);
  assert.equal(page.storage.getItem('therabook.seat'), null);
  const count = page.net.sockets.length;
  page.clock.pass(120_000);
  assert.equal(page.net.sockets.length, count);
});

test('leaving is immediate, with or without an answer', async () => {
  const page = await inside(open());
  page.session.leave();
  assert.equal(page.net.last.sent.at(-1).type, 'leave');
  assert.equal(page.session.state.over.reason, 'left');
  const still = await joining(open());
  still.session.leave();
  assert.equal(still.session.state.phase, 'over');
});

test('after it was over the same page can join again', async () => {
  const page = await inside(open());
  page.session.leave();
  await joining(page);
  assert.equal(page.net.last.sent[0].type, 'join');
  assert.equal(page.net.last.sent[0].offer.sdp, 'offer 1.1');
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: ANSWER });
  page.net.last.says(stateOf('present'));
  assert.equal(page.session.state.phase, 'present');
});

test('states that arrive late are passed over', async () => {
  const page = await inside(open());
  const late = stateOf('waiting');
  page.net.last.says(stateOf('present', { locked: true }));
  page.net.last.says(late);
  assert.equal(page.session.state.phase, 'present');
});

test('streams belong to people by their slots, and change when the slots do', async () => {
  const page = await inside(open(), 'present', { slots: [{ mid: '6', person: 'ann', source: 'camera' }] });
  const before = page.session.state.streams;
  assert.equal(page.session.streamOf('ann', 'camera'), 'stream 0.6');
  assert.equal(page.session.streamOf('ann', 'screen'), null);
  assert.equal(page.session.streamOf('ben', 'camera'), null);
  assert.equal(page.session.streamOf('me', 'camera'), 'own stream');
  page.net.last.says(stateOf('present', { slots: [{ mid: '7', person: 'ann', source: 'camera', delay: 100 }] }));
  assert.deepEqual(page.peers.last.played, [{ mid: '7', person: 'ann', source: 'camera', delay: 100 }]);
  assert.equal(page.session.streamOf('ann', 'camera'), 'stream 0.7');
  assert.notEqual(page.session.state.streams, before);
});

test('when the server has lost our media, a new peer connection is made known on a new socket', async () => {
  const page = await inside(open());
  page.net.last.says(stateOf('present', { you: { ...ME, reconnecting: true } }));
  page.net.last.says(stateOf('present', { you: { ...ME, reconnecting: true } }));
  await settled();
  page.clock.pass(1000);
  assert.equal(page.session.state.connection, 'reconnecting');
  page.net.last.opens();
  assert.deepEqual([page.net.sockets.length, page.peers.peers.length], [2, 2]);
  assert.deepEqual([page.net.last.sent[0].type, page.net.last.sent[0].offer.sdp], ['resume', 'offer 1.1']);
  assert.equal(page.peers.last.sends.camera, 'a camera');
});

test('on another network ICE is restarted over whichever socket is alive', async () => {
  const page = await inside(open());
  const [first] = page.net.sockets;
  page.wake('network');
  await settled();
  assert.deepEqual(first.sent.slice(-2).map(({ type }) => type), ['ping', 'offer']);
  page.net.last.opens();
  assert.equal(page.net.sockets.length, 2);
  const [hello] = page.net.last.sent;
  assert.deepEqual([hello.type, hello.offer.sdp], ['resume', 'offer 0.2'], 'the same offer, without another round trip');
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: ANSWER });
  await settled();
  assert.deepEqual(page.peers.last.offers.slice(1), [{ restart: true }]);
  assert.equal(page.peers.peers.length, 1);
  assert.deepEqual(page.net.last.sent.filter(({ type }) => type === 'offer'), []);
});

test('a socket that is away for long is told calmly, and nothing else changes', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  for (let second = 0; second < 5; second++) {
    if (page.net.last.readyState === 0) page.net.last.breaks();
    page.clock.pass(1000);
  }
  assert.deepEqual([page.session.state.phase, page.session.state.connection], ['present', 'detached']);
  assert.equal(page.peers.last.sends.camera, 'a camera');
  assert.equal(page.peers.last.offers.length, 1);
});

test('what was written to a socket that died is written again on the next, and once only', async () => {
  const page = await inside(open());
  page.session.sendChat('one');
  page.session.sendChat('two');
  await settled();
  const [one, two] = page.net.last.sent.slice(-2);
  page.net.last.says({ type: 'chat', person: 'me', name: 'Sam', text: 'one', at: 1, ref: one.ref });
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: null });
  await settled();
  const written = () => page.net.last.sent.filter(({ type }) => type === 'chat');
  assert.deepEqual(written(), [two]);
  page.net.last.says({ type: 'chat', person: 'me', name: 'Sam', text: 'two', at: 2, ref: two.ref });
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: null });
  await settled();
  assert.deepEqual(written(), []);
});

test('the newest resume token is the one that counts, also for a reload', async () => {
  const page = await inside(open());
  page.net.last.says({ type: 'renewed', resume: 'resume 1 renewed' });
  assert.equal(JSON.parse(page.storage.getItem('therabook.seat')).token, 'resume 1 renewed');
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  assert.equal(page.net.last.sent[0].token, 'resume 1 renewed');
});

test('after a restart of the server the seat is taken again with new media, without a new join', async () => {
  const page = await inside(open());
  page.net.last.breaks();
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'joined', you: 'me', resume: 'resume 2', answer: null });
  page.net.last.says(stateOf('present', { you: { ...ME, reconnecting: true } }));
  await settled();
  page.net.last.opens();
  const [hello] = page.net.last.sent;
  assert.deepEqual([hello.type, hello.token, hello.offer.sdp], ['resume', 'resume 2', 'offer 1.1']);
});

test('an offer that a new server cannot continue is made for a new connection', async () => {
  const page = await inside(open());
  page.wake('network');
  await settled();
  page.net.last.opens();
  page.net.last.says({ type: 'error', code: 'bad_offer', error: '' });
  page.net.last.breaks();
  await settled();
  page.clock.pass(1000);
  page.net.last.opens();
  assert.equal(page.net.last.sent[0].offer.sdp, 'offer 1.1');
  assert.equal(page.session.state.phase, 'present');
});

test('on another network before joining the offer is made anew', async () => {
  const page = open();
  page.session.prepare();
  await settled();
  page.wake('network');
  await settled();
  assert.equal(page.peers.peers.length, 2);
  assert.equal(page.peers.peers[0].closed, true);
});

test('moments come as they are, with who said it', async () => {
  const page = await inside(open(), 'present', { may: THERAPIST });
  page.net.last.says({ type: 'chat', person: 'me', name: 'Sam', text: 'Hello', at: 1 });
  page.net.last.says({ type: 'chat', person: 'ann', name: 'Ann', text: 'Hi', at: 2 });
  await settled();
  page.net.last.says({ type: 'mute_requested', person: 'ann', by: 'Ann' });
  page.net.last.says({ type: 'move_requested' });
  page.net.last.says({ type: 'error', code: 'session_full', error: 'Full.' });
  page.net.last.says({ type: 'something_new' });
  assert.deepEqual(page.moments.map(({ kind, mine }) => [kind, mine]), [
    ['chat', true],
    ['chat', false],
    ['mute_requested', undefined],
    ['move_requested', undefined],
    ['refused', undefined],
  ]);
  assert.equal(page.session.state.phase, 'present');
});

test('a recording is asked for, and answered, as the person said', async () => {
  const page = await inside(open(), 'present', { may: [...THERAPIST, 'record'] });
  page.session.record('start');
  assert.deepEqual(page.net.last.sent.at(-1), { type: 'record', action: 'start' });
  page.session.answerConsent({ agreed: true, text: 'v1', place: null, signed_as: 'S. R.' });
  assert.deepEqual(page.net.last.sent.at(-1), {
    type: 'consent',
    agreed: true,
    text: 'v1',
    place: null,
    signed_as: 'S. R.',
  });
  page.session.answerConsent({ agreed: false });
  assert.deepEqual(page.net.last.sent.at(-1), { type: 'consent', agreed: false });
});

test('a no that was said while the socket was away is said as soon as it is back, until the server knows', async () => {
  const recording = { phase: 'running', you: 'agreed' };
  const page = await inside(open(), 'present', { recording });
  const comesBack = () => {
    page.net.last.breaks();
    page.clock.pass(5000);
    page.net.last.opens();
    page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: null });
    return page.net.last.sent.filter(({ type }) => type === 'consent');
  };
  page.net.last.breaks();
  page.session.answerConsent({ agreed: false });
  assert.deepEqual(comesBack(), [{ type: 'consent', agreed: false }]);
  page.net.last.says(stateOf('present', { recording }));
  assert.deepEqual(comesBack(), [{ type: 'consent', agreed: false }], 'what the server shows is from before');
  page.net.last.says(stateOf('present', { recording: null }));
  assert.deepEqual(comesBack(), []);
});

test('what cannot be sent is told to whoever wrote it, and not kept', async () => {
  const page = await inside(open());
  assert.equal(await page.session.sendChat('one'), 'sent');
  page.net.last.breaks();
  assert.equal(await page.session.sendChat('two'), 'away');
  page.clock.pass(300);
  page.net.last.opens();
  page.net.last.says({ type: 'joined', you: 'me', resume: 'r', answer: null });
  await settled();
  const written = page.net.last.sent.filter(({ type }) => type === 'chat');
  assert.deepEqual(written.map(({ text }) => text), ['one']);
});

test('whether this browser can encrypt is known before anybody joins', () => {
  assert.equal(open().session.state.encrypted.state, 'impossible');
});

test('empty chat is not sent', async () => {
  const page = await inside(open());
  const count = page.net.last.sent.length;
  page.session.sendChat('  \n');
  assert.equal(page.net.last.sent.length, count);
});

test('more slots are offered when the server asks', async () => {
  const page = await inside(open());
  page.net.last.says({ type: 'more_slots', audio: 5, video: 6 });
  await settled();
  assert.equal(page.net.last.sent.at(-1).type, 'offer');
  assert.deepEqual(page.peers.last.slots, { audio: 5, video: 6 });
});

test('sound only turns the own camera off, and on again with the pictures', async () => {
  const page = await inside(open());
  page.session.setSoundOnly(true);
  await settled();
  assert.equal(page.session.state.soundOnly, true);
  assert.equal(page.peers.last.sends.camera, null);
  assert.equal(page.devices.track('camera'), null, 'its light is out');
  assert.equal(page.peers.last.sends.microphone, 'a microphone');
  page.session.setSoundOnly(false);
  await settled();
  assert.equal(page.peers.last.sends.camera, 'a camera');
});

test('whoever thinks better of it at once has the camera on again', async () => {
  const page = await inside(open());
  page.session.setSoundOnly(true);
  page.session.setSoundOnly(false);
  await settled();
  assert.equal(page.peers.last.sends.camera, 'a camera');
});

test('a camera that was off before sound only stays off after it', async () => {
  const page = await inside(open());
  await page.session.setCamera(false);
  page.session.setSoundOnly(true);
  await settled();
  page.session.setSoundOnly(false);
  await settled();
  assert.equal(page.peers.last.sends.camera, null);
});

test('whoever turns the camera on and off again during sound only has the last word', async () => {
  const page = await inside(open());
  page.session.setSoundOnly(true);
  await page.session.setCamera(true);
  assert.equal(page.peers.last.sends.camera, 'a camera', 'they are seen, and see nobody');
  await page.session.setCamera(false);
  page.session.setSoundOnly(false);
  await settled();
  assert.equal(page.peers.last.sends.camera, null);
});

test('sound only holds through a reload, and ends with the call', async () => {
  const page = await inside(open());
  page.session.setSoundOnly(true);
  await settled();
  const again = open({ storage: page.storage });
  assert.equal(again.session.resumeStored(), true);
  await settled();
  assert.equal(again.session.state.soundOnly, true);
  assert.deepEqual(again.devices.opened, [{ audio: true, video: false }]);
  page.session.leave();
  assert.equal(page.session.state.soundOnly, false);
});

const PICTURE = { mid: '4', person: 'ann', source: 'camera', held: false };
const views = (page) => page.net.last.sent.filter(({ type }) => type === 'view');

test('what is seen is told, and again after each greeting', async () => {
  const page = await inside(open(), 'present', { slots: [PICTURE] });
  page.session.viewing.seen('stage', 'ann', 'camera', 720);
  page.clock.pass(1000);
  assert.deepEqual(views(page), [{ type: 'view', slots: [{ mid: '4', height: 720 }], pinned: null }]);
  page.net.last.says({ type: 'joined', you: 'me', resume: 'resume 2', answer: null });
  page.clock.pass(1000);
  assert.equal(views(page).length, 2);
});

test('a paused picture is known by person and source', async () => {
  const page = await inside(open(), 'present', { slots: [{ ...PICTURE, held: true }] });
  assert.equal(page.session.isHeld('ann', 'camera'), true);
  assert.equal(page.session.isHeld('ann', 'screen'), false);
  assert.equal(page.session.isHeld('ben', 'camera'), false);
});

test('while present the page tells what its browser counts, and no longer when it is over', async () => {
  const page = await joining(open());
  const peer = page.peers.last;
  peer.counted = async () => ({ peer, entries: [], sending: [], receiving: [] });
  page.net.last.says({ type: 'joined', you: 'me', resume: 'resume 1', answer: ANSWER });
  page.net.last.says(stateOf('present'));
  await settled();
  page.clock.pass(5000);
  await settled();
  const told = page.net.sockets.flatMap(({ sent }) => sent).filter(({ type }) => type === 'stats');
  assert.deepEqual(told.map(({ ms, join_ms: join }) => [ms, join]), [[5000, null]]);
  page.session.leave();
  page.clock.pass(10_000);
  await settled();
  assert.equal(page.net.sockets.flatMap(({ sent }) => sent).filter(({ type }) => type === 'stats').length, 1);
});
