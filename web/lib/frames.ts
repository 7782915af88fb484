/** The header in front of each JPEG of a binary live view: 20 bytes, little endian. */
export interface FrameHeader {
  stream: number;
  seq: number;
  /** Unix seconds, by the server's clock. */
  capturedAt: number;
  width: number;
  height: number;
}

export const HEADER_BYTES = 20;
const VERSION = 1;

/** Read the header of a binary message; null where it is none of this version. */
export function readHeader(message: ArrayBuffer): FrameHeader | null {
  if (message.byteLength < HEADER_BYTES) return null;
  const view = new DataView(message);
  if (view.getUint8(0) !== VERSION) return null;
  return {
    stream: view.getUint16(2, true),
    seq: view.getUint32(4, true),
    capturedAt: view.getFloat64(8, true),
    width: view.getUint16(16, true),
    height: view.getUint16(18, true),
  };
}
