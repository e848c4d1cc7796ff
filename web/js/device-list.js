// @ts-check
/**
 * The devices of this machine as lists to choose from, and what has changed in them. No state.
 */

/**
 * @typedef {object} DeviceChoice
 * @property {string} id
 * @property {string} label  as the system names it; empty until permission was given
 * @property {string} group  the same for the microphone and the speaker of one headset; empty where it is not told
 */

/** @typedef {{microphones: DeviceChoice[], cameras: DeviceChoice[], speakers: DeviceChoice[]}} DeviceLists */

/** What browsers call "whatever the system uses now". */
const FOLLOWS_SYSTEM = 'default';

/**
 * @param {readonly MediaDeviceInfo[]} all
 * @returns {DeviceLists}
 */
export function listed(all) {
  /** @param {MediaDeviceKind} wanted */
  const choices = (wanted) =>
    all
      .filter(({ kind, deviceId }) => kind === wanted && deviceId)
      .map(({ deviceId, label, groupId = '' }) => ({ id: deviceId, label, group: groupId }));
  return { microphones: choices('audioinput'), cameras: choices('videoinput'), speakers: choices('audiooutput') };
}

/**
 * What a device is called: where the choice was left to the system, the name of the one that the system uses.
 * @param {readonly DeviceChoice[]} list
 * @param {string | null} id
 * @returns {string} empty where it is not known
 */
export function ownLabel(list, id) {
  const found = list.find((device) => device.id === id);
  if (!found) return '';
  const same = list.find(({ id: other, group }) => other !== id && group !== '' && group === found.group);
  return id === FOLLOWS_SYSTEM && same ? same.label : found.label;
}

/**
 * Whether the system has moved to another device (a headset was put on, or taken off) while a person leaves the choice
 * to the system. An open track stays with the old device.
 * @param {readonly DeviceChoice[]} before
 * @param {readonly DeviceChoice[]} after
 * @param {string} used  the id that the track was opened with
 */
export function systemMoved(before, after, used) {
  if (used !== FOLLOWS_SYSTEM) return false;
  const was = before.find(({ id }) => id === FOLLOWS_SYSTEM);
  const is = after.find(({ id }) => id === FOLLOWS_SYSTEM);
  if (!was || !is || !was.label || !is.label) return false;
  return was.group !== is.group || was.label !== is.label;
}

/**
 * Another one than that which was lost, to offer instead.
 * @param {readonly DeviceChoice[]} list
 * @param {string | null} lost
 * @returns {DeviceChoice | null}
 */
export function another(list, lost) {
  return list.find(({ id, label }) => id !== lost && label !== '') ?? null;
}
