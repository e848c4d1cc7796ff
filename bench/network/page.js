// Loaded before a page's own scripts in measurements with real browsers: keeps every peer connection, and looks once a
// second at what they report. `direct` is a call without a server, with what our own client asks for (web/js/peer.js).
window.bench = {
  connections: [],
  rows: [],
  local: null,

  async look() {
    const row = { at: Date.now(), video: null, audio: null, sent: [], pair: null };
    for (const connection of this.connections.filter((each) => each.connectionState !== 'closed')) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === 'video' && report.bytesReceived > 0) row.video = report;
        if (report.type === 'inbound-rtp' && report.kind === 'audio' && report.bytesReceived > 0) row.audio = report;
        if (report.type === 'outbound-rtp' && report.kind === 'video' && report.bytesSent > 0) row.sent.push(report);
        if (report.type === 'candidate-pair' && report.nominated) row.pair = report;
      }
    }
    return row;
  },

  start() {
    this.rows = [];
    this.timer = setInterval(async () => this.rows.push(await this.look()), 1000);
  },

  async stop() {
    clearInterval(this.timer);
    this.rows.push(await this.look());
    return this.rows;
  },

  // Whether a picture of the other one comes in.
  async sees() {
    const { video, audio } = await this.look();
    return Boolean(video && video.framesDecoded > 0) && Boolean(audio);
  },

  async hears() {
    return Boolean((await this.look()).audio);
  },

  async direct() {
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const video = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    this.local = await navigator.mediaDevices.getUserMedia({ audio, video });
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    const [sound] = this.local.getAudioTracks();
    const [picture] = this.local.getVideoTracks();
    picture.contentHint = 'motion';
    for (const track of [sound, picture]) connection.addTrack(track, this.local);
    const remote = new MediaStream();
    connection.ontrack = ({ track }) => remote.addTrack(track);
    document.querySelector('#own').srcObject = this.local;
    document.querySelector('#other').srcObject = remote;
    this.connection = connection;
  },

  prefer() {
    const wanted = { audio: ['audio/opus'], video: ['video/vp8', 'video/rtx'] };
    for (const transceiver of this.connection.getTransceivers()) {
      const { kind } = transceiver.receiver.track;
      const known = RTCRtpReceiver.getCapabilities(kind).codecs;
      transceiver.setCodecPreferences(known.filter(({ mimeType }) => wanted[kind].includes(mimeType.toLowerCase())));
    }
  },

  async gathered() {
    while (this.connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
    return this.connection.localDescription.sdp;
  },

  async offer() {
    this.prefer();
    await this.connection.setLocalDescription();
    return this.gathered();
  },

  async answer(sdp) {
    await this.connection.setRemoteDescription({ type: 'offer', sdp });
    this.prefer();
    await this.connection.setLocalDescription();
    return this.gathered();
  },

  async accept(sdp) {
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
  },

  async limit(maxBitrate) {
    const sender = this.connection.getSenders().find(({ track }) => track.kind === 'video');
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) Object.assign(encoding, { maxBitrate, maxFramerate: 30 });
    await sender.setParameters(parameters);
  },
};

{
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...parameters) {
      super(...parameters);
      window.bench.connections.push(this);
    }
  };
}
