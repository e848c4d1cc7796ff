// The messages of the signaling socket. Do not edit: made from signaling/messages.py
// by `python -m signaling.message_types`.

export type ProtocolVersion = 1;

export type Role = "therapist" | "patient" | "interpreter" | "observer";

/**
 * `enter`: comes in without waiting. `admit` includes declining. `record`: starts, pauses and stops recordings, where
 * the clinic has them. There is no action that unmutes anyone.
 */
export type Action =
  | "enter"
  | "publish"
  | "share_screen"
  | "chat"
  | "raise_hand"
  | "admit"
  | "ask_to_mute"
  | "allow_screen"
  | "remove"
  | "lock"
  | "end"
  | "record";

/** Who opens the page of recordings, and what for. */
export type Keeper = "therapist" | "supervisor" | "administrator" | "auditor";

/** `play` includes names and chapters. `hold` includes releasing. */
export type KeeperAction =
  | "list"
  | "play"
  | "download_sealed"
  | "download_clear"
  | "compose"
  | "hold"
  | "delete"
  | "see_viewings"
  | "verify";

/**
 * `required`: everybody's browser encrypts, or does not come in. `preferred`: one that cannot may be there in the
 * clear, and everyone present is told.
 */
export type Encryption = "preferred" | "required";

/** An m-line's identification tag (RFC 8843), as short as browsers make it. */
export type Mid = string;

/** Names one person within one session. Chosen by the server, says nothing about who they are. */
export type PersonId = string;

export type Source = "microphone" | "camera" | "screen";

/** What a person can send. The same words as `sfu.Source`. */
export type Sound = "usual" | "small" | "least";

/** Bits a second. */
export type Bits = number;

/** A part of the whole. */
export type Share = number;

export type Milliseconds = number;

export type Pixels = number;

/** Frames a second. */
export type FrameRate = number;

/**
 * How the client's own end of the way was found (RFC 8445): its own address, as seen from outside by a STUN server or
 * by us, or that of a TURN server.
 */
export type Candidate = "host" | "srflx" | "prflx" | "relay";

/** What kept a picture from being better. */
export type Limit = "none" | "bandwidth" | "cpu" | "other";

/** Names the words of a question, as they were when it was shown. */
export type TextVersion = string;

/** Where somebody says to be: a name from the clinic's list. */
export type Place = string;

/** `declined` is told only to those who may record. After it and after `failed` nothing is recorded. */
export type RecordingPhase = "asking" | "running" | "paused" | "declined" | "failed";

export type DisplayName = string;

/** Base64url, at most 4096 characters. */
export type SealedBody = string;

export type Token = string;

export type OverReason = "left" | "removed" | "declined" | "ended" | "expired" | "moved" | "lost" | "unencrypted";

/** One encoding of a picture, as it left the browser. What was switched off is left out. */
export interface SentLayer {
  width: Pixels;
  height: Pixels;
  frame_rate: FrameRate;
  bitrate: Bits;
}

/** What the browser sent of one source. Loss, jitter and round trip are what the server reported back to it. */
export interface SentStats {
  source: Source;
  bitrate: Bits;
  loss?: Share | null;
  jitter_ms?: Milliseconds | null;
  round_trip_ms?: Milliseconds | null;
  /** What held for the longest part of the time. */
  limited?: Limit | null;
  /** Of pictures, the smallest first. */
  layers: SentLayer[];
}

/** What the browser received of one source of another person, while that was on. */
export interface ReceivedStats {
  person: PersonId;
  source: Source;
  bitrate: Bits;
  loss?: Share | null;
  jitter_ms?: Milliseconds | null;
  /** Sound that was invented because what should have been heard was not there. */
  concealed?: Share | null;
  /** How often the picture stood still. Null where nobody looked: the page was hidden. */
  freezes?: number | null;
  /** How long, for those that ended in this time. */
  frozen_ms?: number | null;
  width?: Pixels | null;
  height?: Pixels | null;
  frame_rate?: FrameRate | null;
}

/** The way that media takes now. */
export interface PathStats {
  candidate: Candidate;
  protocol: "udp" | "tcp";
  /** How the client speaks with its TURN server. */
  relay?: "udp" | "tcp" | "tls" | null;
}

/**
 * How the call was in the last seconds, as this person's browser measured it. Nothing answers it.
 *
 * Sent every 5 s while they are present, and at once when the first picture has come. More often than that is dropped;
 * so is what it says of people who are not in the session.
 */
export interface Stats {
  type: "stats";
  /** The time that it is about. */
  ms: number;
  /** Null while there is none. */
  path?: PathStats | null;
  /** Of the checks on that way. */
  round_trip_ms?: Milliseconds | null;
  /** What the browser believes that it can send in all. */
  send_limit?: Bits | null;
  /**
   * Told once: from pressing Join to the first picture of another person that could be shown, or to their first sound
   * where no camera is on. It counts from when there was somebody to be seen, if that was later: being let in, or the
   * other's coming.
   */
  join_ms?: number | null;
  sent: SentStats[];
  received: ReceivedStats[];
}

/** Is this socket alive? A browser does not show its page the pings of WebSocket. Answered by `pong`. */
export interface Ping {
  type: "ping";
}

export interface Pong {
  type: "pong";
}

/** A newer token for `resume`: it says where this person sits now, for a server that will have forgotten. */
export interface Renewed {
  type: "renewed";
  resume: string;
}

export interface ConsentPlace {
  name: Place;
  /** Whether a yes from there needs a signature. */
  signed: boolean;
}

/** The question whether the session may be recorded, in the clinic's words. */
export interface ConsentText {
  version: TextVersion;
  title: string;
  /** Plain text, a paragraph on each line. */
  body: string;
  /** Whether a yes needs a signature, wherever the person is. */
  signed: boolean;
  /** To choose one from; empty where it does not matter. */
  places: ConsentPlace[];
}

/** The recording of this session, from the question to its end. */
export interface Recording {
  phase: RecordingPhase;
  /** While the recorder is there to shake hands with: its page, another one for each recording. */
  recorder: number | null;
  /** Whether the recorder may be given keys now: everyone present has agreed, and nothing holds the recording. */
  keys: boolean;
  /** When the phase began, seconds since 1970, UTC. */
  since: number;
  /** When recording began; null while everyone is asked. */
  started_at: number | null;
  /** Seconds recorded before `since`. */
  recorded_s: number;
  /** What this person has answered. `none`: they need not be asked. */
  you: "none" | "asked" | "agreed" | "refused";
  /** While `you` is `asked`. */
  text: ConsentText | null;
  /** Who has not answered. Only for those who may record, like `refused` and `declined`. */
  waiting_on: PersonId[];
  /** Who is here and said no. */
  refused: PersonId[];
  /** Why it is over. `place`: somebody is where nothing may be recorded. */
  declined: "refused" | "withdrawn" | "place" | null;
  /** `newcomer`: somebody has not answered. `alone`: nobody is here who may record. */
  paused_by: "person" | "newcomer" | "alone" | "fault" | null;
  /** A sentence for the person about the fault that pauses or ended it, or about trouble while it runs. */
  problem: string | null;
}

/** The film of this session's last recording, for those who may record. `progress` is from 0 to 1. */
export interface Film {
  state: "waiting" | "running" | "done" | "failed";
  progress: number;
}

/** How high a slot's picture is shown, in pixels of the device; 0: not at all. */
export interface Shown {
  mid: Mid;
  height: number;
}

/**
 * What this person looks at, whole, whenever it changes: nothing is sent for what is not shown, and no larger picture
 * than is needed. A slot that is not named counts as shown in its full size.
 */
export interface View {
  type: "view";
  slots: Shown[];
  /** Whom they have put before the others. */
  pinned?: PersonId | null;
}

/**
 * Which encodings to send: those that somebody watches, by RID. `f` for what is sent in one encoding only. A source
 * that is not named goes on as it is; a client begins with `f` of each.
 */
export interface Wanted {
  type: "wanted";
  layers: { [key in Source]: string[] };
  /**
   * How the microphone is to be sent, where somebody's way carries no more. `small`: with 16 kbit/s and 60 ms a packet.
   * `least`: with 10 kbit/s and 120 ms.
   */
  sound: Sound;
}

/**
 * Handed on to one other person, or to the recorder, as it is and in order; never stored. What is for somebody whose
 * socket is away, or for an earlier page of theirs, is dropped.
 *
 * People who are present reach each other; whoever waits and those present who may admit reach each other; the recorder
 * is reached by those who are present, while `recording.recorder` says that it is there.
 */
export interface Sealed {
  type: "sealed";
  /** A person, or `recorder`. */
  to: PersonId;
  /** Theirs, as the state says: `page` of a person, `recording.recorder`. */
  page: number;
  body: SealedBody;
}

/** One's name for those who cannot be told it end to end: while somebody is present who does not encrypt. */
export interface TellName {
  type: "name";
  name: DisplayName;
}

/** What somebody has sealed for this page. */
export interface SealedFrom {
  type: "sealed";
  /** Who it comes from: a person, or `recorder`. */
  person: PersonId;
  /** Theirs, from which it was sent. */
  page: number;
  body: SealedBody;
}

/** Somebody who can let a waiting person in, as that person may know them. */
export interface Host {
  id: PersonId;
  number: number;
  page: number;
  encrypts: boolean;
}

/** Relayed to everyone in the session at once, never stored. */
export interface Chat {
  type: "chat";
  /** At most 4000 characters that are not sealed. */
  text: string;
  /** `text` is ciphertext, in base64url. Nothing else is taken unless the state says `clear`. */
  sealed?: boolean;
  /** Names it, so that what did not come back can be sent again on another socket and is relayed once. */
  ref?: Mid | null;
}

/** Also sent back to the sender: what comes back was delivered. */
export interface ChatFrom {
  type: "chat";
  person: PersonId;
  /** Empty where the server does not know it: told end to end. */
  name: string;
  text: string;
  sealed: boolean;
  at: number;
  /** As its sender has named it; null for the others. */
  ref: Mid | null;
}

/** Which m-line of the offer carries what the client sends; null for what it never will. */
export interface Sources {
  microphone?: Mid | null;
  camera?: Mid | null;
  screen?: Mid | null;
}

/**
 * An SDP offer, packed or as it is: on a slow way that would hold up the sound for seconds. Every recvonly m-line in it
 * is a slot to receive in.
 */
export interface Offer {
  sdp?: string;
  /** In place of `sdp`: base64url of its UTF-8, compressed (DEFLATE, RFC 1951). */
  packed?: string | null;
  sources: Sources;
}

/** A receiving m-line of the client, answered with a fixed SSRC; tracks are assigned to it by message. */
export interface Slot {
  mid: Mid;
  kind: "audio" | "video";
}

/** The server's SDP answer and the slots that it opened. */
export interface Answer {
  sdp: string;
  slots: Slot[];
}

/** The first message of a new connection. The role and the session come from the token, never from here. */
export interface Join {
  type: "join";
  version?: 1;
  token: Token;
  /** Null from a page that encrypts: it tells the others by itself, and the server never learns it. */
  name?: DisplayName | null;
  /** Whether this page encrypts end to end. */
  encrypts?: boolean;
  offer?: Offer | null;
  microphone?: boolean;
  camera?: boolean;
  /** Move the call here: asks the device on which this person already is in the session to hand over. */
  move?: boolean;
}

/**
 * The first message after a lost socket or a reloaded page. Without `offer` the media connection stays as it was; with
 * one it is restarted, or begun where the offer is that of a new one.
 */
export interface Resume {
  type: "resume";
  version?: 1;
  token: Token;
  encrypts?: boolean;
  offer?: Offer | null;
  microphone?: boolean;
  camera?: boolean;
}

/** Restarts ICE, or brings more slots. Answered by `answer`. */
export interface OfferAgain {
  type: "offer";
  offer: Offer;
}

/** What this person sends now. Others are told; media of what is off is not forwarded. */
export interface Devices {
  type: "devices";
  microphone: boolean;
  camera: boolean;
  screen: boolean;
}

export interface Hand {
  type: "hand";
  raised: boolean;
}

export interface Admit {
  type: "admit";
  person: PersonId;
}

export interface Decline {
  type: "decline";
  person: PersonId;
}

/** Takes a person out of the session and revokes the token they came with. */
export interface Remove {
  type: "remove";
  person: PersonId;
}

/** Asks; the person decides. There is no message that unmutes anyone. */
export interface AskToMute {
  type: "ask_to_mute";
  person: PersonId;
}

export interface AllowScreen {
  type: "allow_screen";
  person: PersonId;
  allowed: boolean;
}

/** A locked session takes nobody new, not even to wait. */
export interface Lock {
  type: "lock";
  locked: boolean;
}

/** The device in the call answers `move_requested`. */
export interface MoveAnswer {
  type: "move_answer";
  allowed: boolean;
}

/**
 * Asks everyone whether the session may be recorded, pauses the recording, goes on with it, or ends it.
 *
 * `start` is one's own yes, where a plain yes is enough. `resume` asks those again who said no. `stop` also gives up
 * asking, and puts away a recording that was declined or failed.
 */
export interface Record {
  type: "record";
  action: "start" | "pause" | "resume" | "stop";
}

/** Answers the question in `recording.text`. A no needs nothing else, and after a yes it withdraws it. */
export interface Consent {
  type: "consent";
  agreed: boolean;
  /** The version of the words that were shown. A yes to other words than those in force is refused. */
  text?: TextVersion | null;
  /** One of `recording.text.places`, where there are any. */
  place?: Place | null;
  /** The name that the person typed as their signature, where one is needed. */
  signed_as?: DisplayName | null;
}

export interface Leave {
  type: "leave";
}

/** Ends the session for everyone. */
export interface End {
  type: "end";
}

/** A person in the session, as the others may know them. */
export interface Person {
  id: PersonId;
  /** Empty where the server does not know it: told end to end. */
  name: string;
  /** From 1, in the order of coming: this person's place in key ids. Nobody else gets it in this session. */
  number: number;
  /** Counts up with every new socket of theirs: what was on its way to them, or from them, may be lost. */
  page: number;
  encrypts: boolean;
  role: Role;
  microphone: boolean;
  camera: boolean;
  screen: boolean;
  hand: boolean;
  /** Whether this person may share a screen now. */
  may_share: boolean;
  /** Their socket or their media is gone and they may still come back. */
  reconnecting: boolean;
}

export interface WaitingPerson {
  id: PersonId;
  /** Empty where the server does not know it: told end to end. */
  name: string;
  number: number;
  page: number;
  encrypts: boolean;
  role: Role;
  /** Seconds since 1970, UTC. */
  since: number;
}

/** What plays in a slot now. */
export interface Assignment {
  mid: Mid;
  person: PersonId;
  source: Source;
  /**
   * The picture is stopped because a connection, theirs or its sender's, is too weak for it. It comes back by itself.
   */
  held?: boolean;
  /**
   * Milliseconds for which it should wait before it is played: on its sender's way packets are lost, and those that are
   * sent again must come in time.
   */
  delay?: number;
}

/** Answers `join` and `resume`. A `state` follows at once. */
export interface Joined {
  type: "joined";
  you: PersonId;
  /** For a later `resume`; replaces any earlier one. */
  resume: string;
  answer: Answer | null;
}

/** All that this person may know of the session, whole, whenever any of it changes. */
export interface State {
  type: "state";
  /** Counts up; a lower one than the last seen is out of date. */
  revision: number;
  phase: "waiting" | "present";
  session: string;
  /** When the first person was let in, seconds since 1970, UTC; null while nobody is. */
  started_at: number | null;
  /** When the session ends by itself. */
  ends_at: number | null;
  limit: number;
  locked: boolean;
  /** The session's policy. It may become stricter, never laxer. */
  encryption: Encryption;
  /**
   * Somebody who is present does not encrypt, so that nothing is encrypted end to end. Only where that is preferred,
   * and told to those who are present.
   */
  clear: boolean;
  /** While waiting: the therapist's name as the clinic's booking system says it, when one is there. */
  waiting_for: string | null;
  /** While waiting: those who can let this person in. */
  hosts: Host[];
  you: Person;
  may: Action[];
  /** The others in the session; empty while waiting. */
  people: Person[];
  /** Only for those who may admit. */
  waiting: WaitingPerson[];
  slots: Assignment[];
  /** Null while nothing is recorded or asked for. */
  recording: Recording | null;
  film: Film | null;
}

/** Answers `offer`. */
export interface Answered {
  type: "answer";
  answer: Answer;
}

/** The room has outgrown the client's slots: offer again with at least this many. */
export interface MoreSlots {
  type: "more_slots";
  audio: number;
  video: number;
}

export interface MuteRequested {
  type: "mute_requested";
  /** Who asks. */
  person: PersonId;
  /** Their name; empty where the server does not know it: told end to end. */
  by: string;
}

/** The link was opened on another device, which asks to take the call over. Silence means no. */
export interface MoveRequested {
  type: "move_requested";
}

/** To the other device: the device in the call has been asked. */
export interface Moving {
  type: "moving";
}

/** Who is heard now, loudest first. */
export interface Speaking {
  type: "speaking";
  people: PersonId[];
}

/** How each person's connection is, as the server sees it. */
export interface Quality {
  type: "quality";
  people: { [key in PersonId]: "good" | "fair" | "poor" | "lost" };
}

/** The last message: this person is no longer in the session. */
export interface Over {
  type: "over";
  reason: OverReason;
  /** A sentence for the person. */
  error: string;
}

/** A request that was refused. The connection stays open unless it had not joined. */
export interface Error {
  type: "error";
  code: string;
  /** A sentence for the person. */
  error: string;
}

export type ClientMessage =
  | Join
  | Resume
  | OfferAgain
  | Devices
  | Hand
  | TellName
  | Sealed
  | Chat
  | Admit
  | Decline
  | Remove
  | AskToMute
  | AllowScreen
  | Lock
  | MoveAnswer
  | Record
  | Consent
  | View
  | Stats
  | Ping
  | Leave
  | End;

export type ServerMessage =
  | Joined
  | Renewed
  | State
  | Answered
  | Wanted
  | MoreSlots
  | SealedFrom
  | ChatFrom
  | MuteRequested
  | MoveRequested
  | Moving
  | Speaking
  | Quality
  | Pong
  | Over
  | Error;
